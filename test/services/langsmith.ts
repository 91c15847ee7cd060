// LangSmith's batch ingestion, as far as callbacks use it: it asks for the key, refuses a batch in which a run is not as its
// schema has it or whose ids do not agree, and knows a run that it has by its id.
// Source: the OpenAPI document https://api.smith.langchain.com/openapi.json (`RunIngest`), as the npm package `langsmith`
// 0.10.5 has it; the schema below is checked against the type of what that SDK sends when the tests are compiled. The rules
// for ids and dotted orders are those of https://docs.langchain.com/langsmith/run-data-format.
import type { RunCreate, RunUpdate } from 'langsmith/schemas';
import { z } from 'zod';
import { Collector, type Collected, type CollectorAnswer } from './collector.js';

/** The SDK takes these apart before it sends a run. */
type Fields = Exclude<keyof RunCreate | keyof RunUpdate, 'child_runs' | 'revision_id' | 'attachments'>;

const map = z.record(z.string(), z.any()).optional();
const time = z.iso.datetime({ offset: true });
const text = z.string().optional();

const run = z.strictObject({
  id: z.uuid(),
  trace_id: z.uuid(),
  dotted_order: z.string(),
  parent_run_id: z.uuid().optional(),
  name: z.string().min(1),
  run_type: z.enum(['tool', 'chain', 'llm', 'retriever', 'embedding', 'prompt', 'parser']),
  start_time: time,
  end_time: time.optional(),
  session_id: z.uuid().optional(),
  session_name: text,
  inputs: z.record(z.string(), z.any()),
  outputs: map,
  error: text,
  status: text,
  events: z.array(z.strictObject({ name: z.string(), time })).optional(),
  extra: map,
  tags: z.array(z.string()).optional(),
  serialized: map,
  reference_example_id: z.uuid().optional(),
  input_attachments: map,
  output_attachments: map,
} satisfies Record<Fields | 'status' | `${'input' | 'output'}_attachments`, z.ZodType>);

export type LangsmithRun = z.output<typeof run>;

/** What the server has under one key. */
export type LangsmithWorkspace = Map<string, LangsmithRun>;

export class LangsmithServer {
  private readonly workspaces = new Map<string, LangsmithWorkspace>();

  private constructor(readonly collector: Collector) {
    collector.answering = (request) => this.answer(request);
  }

  static async start(): Promise<LangsmithServer> {
    return new LangsmithServer(await Collector.start());
  }

  get url(): string {
    return this.collector.url;
  }

  /** Runs by id. */
  workspace(apiKey: string): LangsmithWorkspace {
    const workspace: LangsmithWorkspace = new Map();
    this.workspaces.set(apiKey, workspace);
    return workspace;
  }

  close(): Promise<void> {
    return this.collector.close();
  }

  answer({ method, path, headers, body }: Collected): CollectorAnswer {
    const workspace = this.workspaces.get(String(headers['x-api-key']));
    if (!workspace) return { status: 401, body: { detail: 'Invalid token' } };
    if (method !== 'POST' || path !== '/runs/batch') return { status: 404, body: { detail: 'Not Found' } };
    const parsed = z
      .strictObject({ post: z.array(run), patch: z.array(z.any()).optional() })
      .safeParse(JSON.parse(body.toString('utf8')));
    if (!parsed.success) return { status: 422, body: { detail: z.prettifyError(parsed.error) } };
    const problem = parsed.data.post.map(problemOf).find((one) => one !== undefined);
    if (problem !== undefined) return { status: 422, body: { detail: problem } };
    if (parsed.data.post.every(({ id }) => workspace.has(id)))
      return { status: 409, body: { detail: 'Conflict: payloads already received' } };
    for (const one of parsed.data.post) workspace.set(one.id, one);
    return { status: 202, body: {} };
  }
}

const SEGMENT = /^(\d{8}T\d{12})Z([0-9a-f-]{36})$/;

/** The order's last id is the run's, its first the trace's, and the last but one the parent's. */
const problemOf = ({ id, trace_id, parent_run_id, dotted_order }: LangsmithRun): string | undefined => {
  const segments = dotted_order.split('.').map((segment) => SEGMENT.exec(segment));
  const ids = segments.map((segment) => segment?.[2]);
  if (ids.includes(undefined)) return `dotted_order ${dotted_order} is not of its form`;
  if (ids.at(-1) !== id) return `dotted_order ${dotted_order} does not end with run ${id}`;
  if (ids[0] !== trace_id) return `dotted_order ${dotted_order} does not begin with trace ${trace_id}`;
  if (ids.at(-2) !== parent_run_id) return `dotted_order ${dotted_order} does not have parent ${parent_run_id}`;
  const times = segments.map((segment) => segment![1]!);
  if (times.some((time, index) => index > 0 && time < times[index - 1]!)) return 'a run begins before its parent';
  return undefined;
};
