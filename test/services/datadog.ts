// Datadog's log intake, as far as callbacks use it: it asks for a key, takes compressed arrays within its limits, and cuts
// entries that are too long, which leaves no JSON.
// Source: https://docs.datadoghq.com/api/latest/logs/#send-logs (v2, `HTTPLogItem`), read 2026-11-21.
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { Collector, type Collected, type CollectorAnswer } from './collector.js';

const MAX_PAYLOAD_BYTES = 5_000_000;
const MAX_ENTRIES = 1_000;
const MAX_ENTRY_BYTES = 1_000_000;

/** Whatever else an entry has is text as well. */
const entry = z
  .object({
    message: z.string(),
    ddsource: z.string().optional(),
    ddtags: z.string().optional(),
    hostname: z.string().optional(),
    service: z.string().optional(),
  })
  .catchall(z.string());

export type DatadogEntry = z.output<typeof entry>;

export class DatadogServer {
  readonly entries: DatadogEntry[] = [];

  private constructor(
    readonly collector: Collector,
    /** Undefined: an agent, which has a key of its own. */
    private readonly apiKey: string | undefined,
  ) {
    collector.answering = (request) => this.answer(request);
  }

  static async start(apiKey?: string): Promise<DatadogServer> {
    return new DatadogServer(await Collector.start(), apiKey);
  }

  get url(): string {
    return this.collector.url;
  }

  close(): Promise<void> {
    return this.collector.close();
  }

  answer({ method, path, headers, body }: Collected): CollectorAnswer {
    if (method !== 'POST' || path !== '/api/v2/logs') return { status: 404, body: { errors: ['Not found'] } };
    const key = headers['dd-api-key'];
    if (this.apiKey !== undefined && key === undefined) return refusal(401, 'Unauthorized');
    if (this.apiKey !== undefined && key !== this.apiKey) return refusal(403, 'Forbidden');
    const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    if (text.length > MAX_PAYLOAD_BYTES) return refusal(413, 'Payload too large');
    const parsed = z
      .array(entry)
      .max(MAX_ENTRIES)
      .safeParse(JSON.parse(text.toString('utf8')));
    if (!parsed.success) return refusal(400, z.prettifyError(parsed.error));
    this.entries.push(...parsed.data.map(cut));
    return { status: 202, body: {} };
  }
}

const cut = (one: DatadogEntry): DatadogEntry => {
  const over = Buffer.byteLength(JSON.stringify(one)) - MAX_ENTRY_BYTES;
  return over <= 0 ? one : { ...one, message: one.message.slice(0, -over) };
};

const refusal = (status: number, title: string): CollectorAnswer => ({
  status,
  body: { errors: [{ status: String(status), title }] },
});
