// The headers of an upstream request: the provider's, the operator's and what a client may add.
import { isJsonObject, type JsonValue } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { Call, UpstreamEndpoint } from '@turnpike/plugin-sdk';
import type { Recalled } from '../pipeline/exchange.js';
import type { Callable } from '../runtime/callable.js';
import { FEATURE_HEADERS, joinFeatures } from './feature-headers.js';

type Headers = Readonly<Record<string, string>>;

/** What a provider is shown of the client's headers: those of its request, and features that its body asks for. */
export const headersOfClient = ({ snapshot, headers, body }: Recalled): Headers => {
  const forwarded = snapshot.forwardedHeaders(headers);
  const asked = body['extra_headers'];
  return asked === undefined ? forwarded : withFeatures(forwarded, forwarded, clientHeaders(asked));
};

/** @throws GW_INVALID_REQUEST for what no header may hold */
export const headersFor = (
  callable: Callable,
  endpoint: UpstreamEndpoint,
  { body }: Recalled,
  call: Call,
): Record<string, string> => {
  const merged = callable.headersWith(endpoint.headers);
  const asked = body['extra_headers'];
  const isPlain = Object.keys(call.headers).length === 0 && asked === undefined;
  // The operator's headers win: a client cannot change with whose key a call is made.
  return isPlain ? merged : withFeatures({ ...call.headers, ...clientHeaders(asked), ...merged }, merged, call.headers);
};

/** Features are not won by anybody: each that one of them names is asked for. */
const withFeatures = (headers: Headers, ...sources: readonly Headers[]): Record<string, string> => {
  const joined = { ...headers };
  for (const name of FEATURE_HEADERS) {
    const features = joinFeatures(...sources.map((source) => source[name]));
    if (features !== undefined) joined[name] = features;
  }
  return joined;
};

/** Headers that decide about the connection or the account: a client's are passed over. */
const RESERVED = new RegExp(
  '^(?:authorization|api-key|x-api-key|x-goog-api-key|x-goog-user-project|openai-organization|openai-project|cookie' +
    '|host|connection|keep-alive|content-.*|accept-encoding|transfer-encoding|te|trailer|upgrade|expect|proxy-.*)$',
);

/** @throws GW_INVALID_REQUEST for what no header may hold: the connection would refuse it */
const clientHeaders = (asked: JsonValue | undefined): Record<string, string> => {
  const headers: Record<string, string> = {};
  if (!isJsonObject(asked)) return headers;
  for (const [name, value] of Object.entries(asked)) {
    if (typeof value !== 'string' || !/^[\w-]{1,200}$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      const shown = name.slice(0, 60);
      throw invalidRequest(`'extra_headers.${shown}' is no header with a text of Latin-1 characters.`, 'extra_headers');
    }
    const lower = name.toLowerCase();
    if (!RESERVED.test(lower)) headers[lower] = value;
  }
  return headers;
};
