// Which models a key may use.
import {
  GatewayError,
  isJsonObject,
  type Clock,
  type HttpClient,
  type JsonObject,
  type JsonValue,
  type ModelListV1,
  type UpstreamEndpoint,
} from '@turnpike/plugin-sdk';
import { fromAnthropicError } from './errors.js';

/** A page holds 1,000 models, so there is no second one as yet; the bound stops a host that never ends. */
const MAX_PAGES = 20;

interface Connection {
  endpoint: UpstreamEndpoint;
  provider: string;
  http: HttpClient;
  clock: Clock;
}

/** `GET /v1/models`: `{data: [{id}], has_more, last_id}`. */
export const anthropicModelList = (connection: Connection): ModelListV1 => ({
  async list(signal) {
    const names: string[] = [];
    let after = '';
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await readPage(connection, after, signal);
      const data = Array.isArray(page['data']) ? page['data'].filter(isJsonObject) : [];
      names.push(...data.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])));
      if (page['has_more'] !== true || typeof page['last_id'] !== 'string') break;
      after = page['last_id'];
    }
    return names;
  },
});

const readPage = async (
  { endpoint, provider, http, clock }: Connection,
  after: string,
  signal: AbortSignal,
): Promise<JsonObject> => {
  const url = `${endpoint.url}?limit=1000${after && `&after_id=${encodeURIComponent(after)}`}`;
  const answer = await http.request({ url, headers: endpoint.headers, signal });
  const body = Buffer.from(answer.body).toString('utf8');
  if (answer.status >= 400) {
    throw fromAnthropicError({ status: answer.status, headers: answer.headers, body }, provider, clock.now());
  }
  return parsed(body, provider);
};

const parsed = (body: string, provider: string): JsonObject => {
  let value: JsonValue | undefined;
  let cause: unknown;
  try {
    value = JSON.parse(body) as JsonValue;
  } catch (error) {
    cause = error;
  }
  if (isJsonObject(value)) return value;
  const message = `${provider}: the model list is not a JSON object.`;
  throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', message, { cause, provider });
};
