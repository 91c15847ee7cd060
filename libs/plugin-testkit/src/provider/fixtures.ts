// Reads a folder of fixtures. `<case>.<part>`: a new case is new files, no code.
import { isJsonObject, type Dialect, type JsonObject, type JsonValue } from '@turnpike/plugin-sdk';
import { readdirSync, readFileSync } from 'node:fs';
import type { ScriptedAnswer } from '../host/fake-http.js';

export type OperationName = 'chat' | 'completions' | 'embeddings';

/** What a case is about: a call, or the list of models. */
export type CaseKind = OperationName | 'models';

/** `<case>.options.json`: what the gateway would know of the call. */
export interface CaseOptions {
  /** The upstream's model name; else the request's `model` without this provider's prefix. */
  model?: string;
  dropParams?: boolean;
  /** `allowed_openai_params` */
  allowed?: string[];
  /** Client headers that are passed on, lower-case names. */
  headers?: Record<string, string>;
  /** `model_info` of the deployment. */
  info?: JsonObject;
  /** Dialect of `<case>.request.json`; `openai` by default. */
  clientDialect?: Dialect;
  /** For dialects that tell it by the address; else the request's own `stream`. */
  stream?: boolean;
  /** Merged over the suite's config. */
  config?: JsonObject;
  /** Answers of the host's own HTTP client, for plugins that fetch tokens. */
  http?: ScriptedAnswer[];
}

/** `<case>.refused.json`: a request that asks for what the upstream lacks. */
export interface ExpectedRefusal {
  param: string;
  /** `GW_UNSUPPORTED_PARAMETER` by default. */
  code?: string;
  /** False: `drop_params` does not help either. */
  droppable?: boolean;
}

/** `<case>.error.json`: a failed answer and what it means. */
export interface ErrorFixture {
  status: number;
  /** Lower-case names. */
  headers?: Record<string, string>;
  /** Anything but text is sent as JSON. */
  body: JsonValue;
  /** `code`, and any facts of the error. */
  expected: { code: string } & JsonObject;
}

/** `<case>.expected.json` of a stream that ends badly: the chunks before, then the error. */
export interface ExpectedFailure {
  error: { code: string };
  chunks?: JsonValue[];
}

export interface FixtureCase<Kind extends CaseKind = OperationName> {
  readonly name: string;
  /** Told by the name: `embeddings-…`, `completions-…`, `models-…`, else chat. */
  readonly operation: Kind;
  readonly options: CaseOptions;
  readonly request?: JsonObject;
  readonly body?: JsonObject;
  /** What a client of the upstream's own dialect gets sent upstream, where it is not `body`. */
  readonly rawBody?: JsonObject;
  readonly endpoint?: { url?: string; headers?: Record<string, string> };
  readonly upstream?: JsonValue;
  readonly chunks?: Uint8Array;
  readonly expected?: JsonValue;
  readonly refused?: ExpectedRefusal;
  readonly error?: ErrorFixture;
}

type Part = 'options' | 'request' | 'body' | 'rawBody' | 'endpoint' | 'upstream' | 'expected' | 'refused' | 'error';

const JSON_PARTS: Readonly<Record<string, Part>> = {
  'options.json': 'options',
  'request.json': 'request',
  'body.json': 'body',
  'raw-body.json': 'rawBody',
  'endpoint.json': 'endpoint',
  'upstream.json': 'upstream',
  'expected.json': 'expected',
  'refused.json': 'refused',
  'error.json': 'error',
};

/** Raw stream bytes: text formats and binary ones. */
const STREAM_PARTS: ReadonlySet<string> = new Set(['chunks.txt', 'chunks.bin']);

const NAMED_KINDS: readonly CaseKind[] = ['embeddings', 'completions', 'models'];

const kindOf = (name: string): CaseKind => NAMED_KINDS.find((kind) => name.startsWith(`${kind}-`)) ?? 'chat';

/** @throws Error for a file whose name says nothing, JSON that cannot be read, and parts that miss their counterpart */
export const loadFixtures = (folder: URL): FixtureCase<CaseKind>[] => {
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`);
  const cases = new Map<string, { -readonly [K in keyof FixtureCase]: FixtureCase<CaseKind>[K] }>();
  for (const file of readdirSync(base).sort()) {
    if (file.startsWith('.') || file.endsWith('.md')) continue;
    const dot = file.indexOf('.');
    const name = file.slice(0, dot);
    const suffix = file.slice(dot + 1);
    const part = JSON_PARTS[suffix];
    if (dot < 1 || (!part && !STREAM_PARTS.has(suffix))) {
      throw new Error(
        `The fixture '${file}' is not named <case>.<part>, with a part of ` +
          `${[...Object.keys(JSON_PARTS), ...STREAM_PARTS].join(', ')}.`,
      );
    }
    const found = cases.get(name) ?? { name, operation: kindOf(name), options: {} };
    cases.set(name, found);
    const bytes = readFileSync(new URL(encodeURIComponent(file), base));
    if (part) Object.assign(found, { [part]: parse(file, bytes) });
    else if (found.chunks) throw new Error(`The case '${name}' has two streams.`);
    else found.chunks = bytes;
  }
  const list = [...cases.values()];
  list.forEach(mustBeWhole);
  return list;
};

const parse = (file: string, bytes: Buffer): JsonValue => {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch (cause) {
    throw new Error(`The fixture '${file}' is not JSON: ${(cause as Error).message}`, { cause });
  }
};

const mustBeWhole = (fixture: FixtureCase<CaseKind>): void => {
  const complain = (what: string): never => {
    throw new Error(`The case '${fixture.name}' has ${what}.`);
  };
  const { request, expected } = fixture;
  const answers = fixture.upstream !== undefined || fixture.chunks !== undefined;
  if (answers && expected === undefined) complain('an upstream answer but no expected.json');
  if ((fixture.body ?? fixture.rawBody ?? fixture.refused) && !request) complain('no request.json');
  if (request && !isJsonObject(request)) complain('a request.json that is not an object');
  if (!fixture.body && !fixture.rawBody && !fixture.endpoint && !fixture.refused && !answers && !fixture.error) {
    if (!request || expected === undefined) complain('nothing to check');
  }
};

/** The failure a stream must end in, when `expected.json` describes one. */
export const expectedFailure = ({ expected }: Pick<FixtureCase, 'expected'>): ExpectedFailure | undefined =>
  isJsonObject(expected) && isJsonObject(expected['error']) && typeof expected['error']['code'] === 'string'
    ? (expected as unknown as ExpectedFailure)
    : undefined;

/** Cases that call an operation; the rest are model lists. */
export const isCallCase = (fixture: FixtureCase<CaseKind>): fixture is FixtureCase => fixture.operation !== 'models';
