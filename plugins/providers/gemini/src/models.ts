// Which models a key may use.
import {
  fromGeminiError,
  GatewayError,
  isJsonObject,
  type HttpClient,
  type JsonObject,
  type JsonValue,
  type ModelListV1,
  type UpstreamEndpoint,
} from '@turnpike/plugin-sdk';

/** A page holds 1,000 models, so there is no second one as yet; the bound stops a host that never ends. */
const MAX_PAGES = 20;

/** `GET /models`: `{models: [{name: 'models/gemini-x'}], nextPageToken}`. */
export const geminiModelList = (endpoint: UpstreamEndpoint, provider: string, http: HttpClient): ModelListV1 => ({
  async list(signal) {
    const names: string[] = [];
    let page = '';
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const url = `${endpoint.url}?pageSize=1000${page && `&pageToken=${encodeURIComponent(page)}`}`;
      const answer = await http.request({ url, headers: endpoint.headers, signal });
      const body = Buffer.from(answer.body).toString('utf8');
      if (answer.status >= 400)
        throw fromGeminiError({ status: answer.status, headers: answer.headers, body }, provider);
      const list = parse(body, provider);
      names.push(...namesOf(list['models']));
      page = typeof list['nextPageToken'] === 'string' ? list['nextPageToken'] : '';
      if (page === '') break;
    }
    return names;
  },
});

const parse = (body: string, provider: string): JsonObject => {
  let parsed: JsonValue | undefined;
  let cause: unknown;
  try {
    parsed = JSON.parse(body) as JsonValue;
  } catch (error) {
    cause = error;
  }
  if (isJsonObject(parsed)) return parsed;
  const message = `${provider}: the model list is not a JSON object.`;
  throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', message, { cause, provider });
};

const namesOf = (models: JsonValue | undefined): string[] =>
  (Array.isArray(models) ? models : []).flatMap((model) =>
    isJsonObject(model) && typeof model['name'] === 'string' ? [model['name'].replace(/^models\//, '')] : [],
  );
