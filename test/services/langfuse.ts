// Langfuse's ingestion and media API, as far as SDKs use it: it signs in, refuses what its schemas do not have, answers for
// each event, and merges events of one id as the real one does.
// Source: the OpenAPI document https://cloud.langfuse.com/generated/api/openapi.yml, as the types of the npm package
// `langfuse` 3.39.2 have it; each schema below is checked against its type when the tests are compiled.
import type {
  ApiBaseEvent,
  ApiCreateGenerationBody,
  ApiCreateSpanBody,
  ApiIngestionResponse,
  ApiOptionalObservationBody,
  ApiTraceBody,
} from 'langfuse';
import { z } from 'zod';
import { Collector, type Collected, type CollectorAnswer } from './collector.js';

type Fields<T> = { [K in keyof Required<T>]: z.ZodType };

const text = z.string().nullish();
const time = z.iso.datetime({ offset: true }).nullish();
const anything = z.any().optional();
const figures = z.record(z.string(), z.number());

const trace = {
  id: text,
  timestamp: time,
  name: text,
  userId: text,
  input: anything,
  output: anything,
  sessionId: text,
  release: text,
  version: text,
  metadata: anything,
  tags: z.array(z.string()).nullish(),
  environment: text,
  public: z.boolean().nullish(),
} satisfies Fields<ApiTraceBody>;

const observation = {
  traceId: text,
  name: text,
  startTime: time,
  metadata: anything,
  input: anything,
  output: anything,
  level: z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']).nullish(),
  statusMessage: text,
  parentObservationId: text,
  version: text,
  environment: text,
} satisfies Fields<ApiOptionalObservationBody>;

const span = { ...observation, id: text, endTime: time } satisfies Fields<ApiCreateSpanBody>;

const generation = {
  ...span,
  completionStartTime: time,
  model: text,
  modelParameters: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]))
    .nullish(),
  usage: anything,
  usageDetails: figures.nullish(),
  costDetails: figures.nullish(),
  promptName: text,
  promptVersion: z.int().nullish(),
} satisfies Fields<ApiCreateGenerationBody>;

const event = <Type extends string>(type: Type, body: Record<string, z.ZodType>) =>
  z.strictObject({
    id: z.string().min(1),
    timestamp: z.iso.datetime({ offset: true }),
    metadata: anything,
    type: z.literal(type),
    body: z.strictObject(body),
  } satisfies Fields<ApiBaseEvent> & Record<string, z.ZodType>);

const events = z.discriminatedUnion('type', [
  event('trace-create', trace),
  event('span-create', span),
  event('generation-create', generation),
]);

export type LangfuseRecord = Record<string, ReturnType<typeof JSON.parse>> & { id: string };

/** What the server has under one public key. */
export interface LangfuseProject {
  readonly secretKey: string;
  readonly traces: Map<string, LangfuseRecord>;
  readonly generations: Map<string, LangfuseRecord>;
  readonly spans: Map<string, LangfuseRecord>;
  /** Of media that were uploaded. */
  readonly media: Buffer[];
}

type EventResult = Pick<ApiIngestionResponse['errors'][number], 'status' | 'message'>;

export class LangfuseServer {
  private readonly projects = new Map<string, LangfuseProject>();
  /** Fails single events: for each it is asked what becomes of it, and undefined lets it pass. */
  failing: (event: z.output<typeof events>) => EventResult | undefined = () => undefined;

  private constructor(readonly collector: Collector) {
    collector.answering = (request) => this.answer(request);
  }

  static async start(): Promise<LangfuseServer> {
    return new LangfuseServer(await Collector.start());
  }

  get url(): string {
    return this.collector.url;
  }

  project(publicKey: string, secretKey: string): LangfuseProject {
    const project = { secretKey, traces: new Map(), generations: new Map(), spans: new Map(), media: [] };
    this.projects.set(publicKey, project);
    return project;
  }

  close(): Promise<void> {
    return this.collector.close();
  }

  private answer(request: Collected): CollectorAnswer {
    const { method, path, headers, body } = request;
    if (method === 'PUT' && path.startsWith('/upload/')) {
      this.projects.get(path.slice('/upload/'.length))?.media.push(body);
      return {};
    }
    const [publicKey = '', secretKey] = Buffer.from(headers.authorization?.slice('Basic '.length) ?? '', 'base64')
      .toString('utf8')
      .split(':');
    const project = this.projects.get(publicKey);
    if (!project || project.secretKey !== secretKey) {
      return { status: 401, body: { message: 'Invalid credentials. Confirm that you configured the correct host.' } };
    }
    if (method === 'POST' && path === '/api/public/ingestion') return this.ingest(project, body);
    if (method === 'POST' && path === '/api/public/media')
      return { status: 201, body: { mediaId: 'media-1', uploadUrl: `${this.url}/upload/${publicKey}` } };
    if (method === 'PATCH' && path.startsWith('/api/public/media/')) return {};
    return { status: 404, body: { message: 'Not found' } };
  }

  private ingest(project: LangfuseProject, body: Buffer): CollectorAnswer {
    const { batch } = JSON.parse(body.toString('utf8')) as { batch: { id: string }[] };
    const result: ApiIngestionResponse = { successes: [], errors: [] };
    for (const one of batch) {
      const parsed = events.safeParse(one);
      const failure = parsed.success
        ? this.failing(parsed.data)
        : { status: 400, message: z.prettifyError(parsed.error) };
      if (failure) result.errors.push({ id: one.id, ...failure });
      else result.successes.push({ id: one.id, status: 201 });
      if (parsed.success && !failure) merge(project, parsed.data);
    }
    return { status: 207, body: result };
  }
}

const merge = (project: LangfuseProject, { type, body }: z.output<typeof events>): void => {
  const table = {
    'trace-create': project.traces,
    'span-create': project.spans,
    'generation-create': project.generations,
  }[type];
  const record = body as LangfuseRecord;
  table.set(record.id, { ...table.get(record.id), ...record });
};
