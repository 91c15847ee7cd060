// Langfuse's SDK for one batch. It makes the events, uploads their media and signs requests; its transport is the
// host's, and its queue is ours to send, since the SDK tells nobody what became of an event.
import type { HttpClient } from '@turnpike/plugin-sdk';
import { Langfuse } from 'langfuse';
import type { LangfuseSettings } from './config.js';
import { holdsMedia } from './media.js';
import type { Observations } from './observations.js';

type FetchOptions = Parameters<Langfuse['fetch']>[1];
type FetchAnswer = Awaited<ReturnType<Langfuse['fetch']>>;

/** One entry of an ingestion batch. */
export interface LangfuseEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly body: object;
}

/** So many events that the SDK never sends by itself. */
const NEVER = Number.MAX_SAFE_INTEGER;

export class BatchClient extends Langfuse {
  /** What the SDK could not do, such as upload an image. Why may hold content, so it is only counted. */
  troubles = 0;
  private made: LangfuseEvent[] = [];

  constructor(
    settings: LangfuseSettings,
    private readonly http: HttpClient,
    private readonly batchSignal: AbortSignal,
  ) {
    super({
      publicKey: settings.public_key,
      secretKey: settings.secret_key,
      baseUrl: settings.host,
      release: settings.release,
      environment: settings.environment,
      sampleRate: settings.sample_rate,
      flushAt: NEVER,
      flushInterval: 0,
    });
    // It would write to the console.
    this._events.emit = (name: string) => {
      if (name === 'error') this.troubles += 1;
    };
  }

  /** @returns the events of one call; none when it is not in the sample */
  async eventsOf({ trace, generation, spans }: Observations): Promise<LangfuseEvent[]> {
    if (trace) this.traceStateless(trace);
    this.generationStateless(generation);
    for (const span of spans) this.spanStateless(span);
    await this.flushAsync();
    return this.made.splice(0);
  }

  /** Address, headers and body of the request that sends these, each of them as JSON. */
  ingestion(events: readonly string[]): { url: string; headers: Record<string, string>; body: string } {
    const { headers } = this._getFetchOptions({ method: 'POST' });
    const metadata = { batch_size: events.length, sdk_name: 'langfuse-js', sdk_version: this.getLibraryVersion() };
    return {
      url: `${this.baseUrl}/api/public/ingestion`,
      headers,
      body: `{"batch":[${events.join(',')}],"metadata":${JSON.stringify(metadata)}}`,
    };
  }

  /** The SDK's `flushAsync` waits until all events are made and then calls this; whoever has the batch sends it. */
  override flush(done?: () => void): void {
    done?.();
  }

  override async fetch(url: string, { method, headers, body }: FetchOptions): Promise<FetchAnswer> {
    const answer = await this.http.request({ url, method, headers, body, signal: this.batchSignal });
    const bytes = Buffer.from(answer.body);
    return {
      status: answer.status,
      text: () => Promise.resolve(bytes.toString('utf8')),
      json: () => Promise.resolve(bytes).then((read) => JSON.parse(read.toString('utf8')) as unknown),
      arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer),
    };
  }

  /** The only property is the queue. */
  override getPersistedProperty(): never {
    return this.made as never;
  }

  override setPersistedProperty(_key: string, queue: unknown): void {
    this.made = (queue ?? []) as LangfuseEvent[];
  }

  /** It awaits every value of a prompt in turn, and most have nothing to upload. */
  protected override async processMediaInEvent(type: string, body: object): Promise<void> {
    if (holdsMedia(body)) await super.processMediaInEvent(type as never, body);
  }
}
