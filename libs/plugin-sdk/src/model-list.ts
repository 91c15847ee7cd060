// Lists of models: asked for, read, page by page.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError, upstreamError, type UpstreamFailure } from '@turnpike/errors';
import { failureInside, toInnerError } from '@turnpike/wire';
import type { ModelListV1, UpstreamEndpoint } from './contracts/index.js';
import type { HttpClient } from './host.js';

/** Whom the list is asked of. */
export interface ModelListHost {
  /** Plugin id, for messages. */
  readonly provider: string;
  readonly http: HttpClient;
  /** See HttpOperation.toError; the usual rules when absent. */
  toError?(failure: UpstreamFailure): GatewayError;
}

const unreadableList = (provider: string, why: string, cause?: unknown): GatewayError =>
  new GatewayError(
    'GW_UPSTREAM_INVALID_RESPONSE',
    `${provider}: the answer to the model list ${why}. Check api_base.`,
    {
      provider,
      cause,
    },
  );

const ask = async (
  host: ModelListHost,
  { url, headers }: UpstreamEndpoint,
  signal: AbortSignal,
): Promise<JsonValue> => {
  const { provider, http } = host;
  const answer = await http.request({ url, headers, signal });
  const body = Buffer.from(answer.body).toString('utf8');
  if (answer.status < 400) return parse(body, provider);
  const failure: UpstreamFailure = { status: answer.status, headers: answer.headers, body };
  throw host.toError ? host.toError(failure) : upstreamError(failure, provider);
};

const parse = (body: string, provider: string): JsonValue => {
  try {
    return JSON.parse(body) as JsonValue;
  } catch (cause) {
    throw unreadableList(provider, 'is not JSON', cause);
  }
};

/** Texts at `key` of a list's entries; entries that are texts themselves stand for the whole. */
const textsAt = (list: JsonValue[], ...keys: string[]): string[] =>
  list.flatMap((entry) => {
    const text = isJsonObject(entry)
      ? keys.map((key) => entry[key] ?? undefined).find((one) => one !== undefined)
      : entry;
    return typeof text === 'string' ? [text] : [];
  });

/** `GET /models`, which most hosts answer as `{data: [{id}]}` and some as a bare list. */
export const openAiModelList = (endpoint: UpstreamEndpoint, provider: string, http: HttpClient): ModelListV1 => ({
  async list(signal) {
    const parsed = await ask({ provider, http }, endpoint, signal);
    const failure = failureInside(parsed);
    if (failure) throw toInnerError(failure, provider);
    const list = isJsonObject(parsed) ? (parsed['data'] ?? parsed['models']) : parsed;
    if (!Array.isArray(list)) throw unreadableList(provider, 'holds no list');
    return textsAt(list, 'id', 'name');
  },
});

/** A page holds a thousand models or so: the bound stops a host that never ends. */
const MAX_PAGES = 20;

export interface ModelPages extends ModelListHost {
  /** Where the page is that follows this mark; '' is before the first. */
  page(mark: string): UpstreamEndpoint;
  /** The page's entries. */
  entries(page: JsonObject): JsonValue | undefined;
  /** Field of an entry that holds the model's name. */
  readonly nameKey: string;
  /** What the next page follows; anything but a text that says something after the last one. */
  next(page: JsonObject): JsonValue | undefined;
}

/** A list that comes in pages, each a JSON object. */
export const pagedModelList = (pages: ModelPages): ModelListV1 => ({
  async list(signal) {
    const names: string[] = [];
    let mark: JsonValue | undefined = '';
    for (let count = 0; count < MAX_PAGES; count += 1) {
      const page = await ask(pages, pages.page(mark), signal);
      if (!isJsonObject(page)) throw unreadableList(pages.provider, 'is no JSON object');
      const entries = pages.entries(page);
      if (Array.isArray(entries)) names.push(...textsAt(entries, pages.nameKey));
      mark = pages.next(page);
      if (typeof mark !== 'string' || mark === '') break;
    }
    return names;
  },
});
