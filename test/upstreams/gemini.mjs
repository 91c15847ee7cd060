/** Google's Gemini API, and Vertex AI's paths of it: routes, keys and errors. */
import { conversationOf, countReply, embedReply, generateReply } from './gemini.content.mjs';
import { invalidGeneration } from './gemini.checks.mjs';
import { error, ok } from './gemini.reply.mjs';
import { startUpstream } from './server.mjs';

/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

export const GEMINI_MODELS = ['gemini-3-pro-preview', 'gemini-2.5-flash', 'gemini-embedding-001'];

const METHOD =
  /^\/v1(?:beta|alpha)?(?:\/projects\/[^/]+\/locations\/[^/]+\/publishers\/google)?\/models\/([^:]+):(\w+)$/;
const MODELS = /^\/v1(?:beta|alpha)?\/models(?:\/([^:]+))?$/;

/** @type {import('./server.mjs').Dialect} */
const gemini = {
  requireKey: true,
  strict: true,
  key: ({ headers, query }) => {
    const key = headers['x-goog-api-key'] ?? new URLSearchParams(query).get('key');
    return typeof key === 'string' ? key : /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  },
  route({ method, path, query }) {
    const [, model = '', operation = ''] = METHOD.exec(path) ?? [];
    /** @param {(call: Call) => Reply} answer */
    const route = (answer) => ({ model, answer });
    if (method === 'POST') {
      switch (operation) {
        case 'generateContent':
          return route((call) => invalidGeneration(call, model) ?? generateReply(call, model, 'whole'));
        case 'streamGenerateContent': {
          const form = new URLSearchParams(query).get('alt') === 'sse' ? 'events' : 'array';
          return route((call) => invalidGeneration(call, model) ?? generateReply(call, model, form));
        }
        case 'countTokens':
          return route((call) => countReply(call, conversationOf(call.request.body)));
        case 'embedContent':
          return route((call) => ok(embedReply([call.request.body], 'embedding')));
        case 'batchEmbedContents':
          return route((call) => ok(embedReply(call.request.body?.requests ?? [], 'embeddings')));
      }
    }
    const [listed, named] = MODELS.exec(path) ?? [];
    if (method !== 'GET' || listed === undefined) return undefined;
    if (named !== undefined) return { model: named, answer: () => ok(modelObject(named)) };
    return { model: '', answer: () => ok({ models: GEMINI_MODELS.map(modelObject) }) };
  },
  unauthorised: (key) =>
    key === undefined
      ? error(403, 'PERMISSION_DENIED', NO_KEY)
      : error(400, 'INVALID_ARGUMENT', BAD_KEY, BAD_KEY_DETAILS),
  unknownPath: () => ({ status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: NOT_FOUND_PAGE }),
  failure(status, call, model) {
    const seconds = call.behaviour.retryAfterSeconds ?? 1;
    if (status === 404) return error(404, 'NOT_FOUND', `models/${model} is not found for API version v1beta.`);
    const [name, message] =
      STATUSES[status] ??
      (status >= 500
        ? ['INTERNAL', 'Internal error encountered.']
        : ['INVALID_ARGUMENT', 'Request contains an invalid argument.']);
    return error(status, name, message, status === 429 ? quotaDetails(seconds) : []);
  },
  refusal: (kind) =>
    kind === 'context'
      ? error(
          400,
          'INVALID_ARGUMENT',
          'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
        )
      : kind === 'quota'
        ? error(
            429,
            'RESOURCE_EXHAUSTED',
            'You exceeded your current quota, please check your plan and billing details.',
            quotaDetails(3_600),
          )
        : ok({
            promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
            usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
          }),
  errorEvent: `data: ${JSON.stringify({ error: { code: 503, message: 'The model is overloaded. Please try again later.', status: 'UNAVAILABLE' } })}\r\n\r\n`,
  brokenEvent: 'data: {"candidates": [{"content": {"parts": [{"te\r\n\r\n',
};

/** @param {import('./server.mjs').UpstreamOptions} [options] */
export const startGeminiUpstream = (options) => startUpstream(gemini, options);

const NO_KEY =
  "Method doesn't allow unregistered callers (callers without established identity). " +
  'Please use API Key or other form of API consumer identity to call this API.';
const BAD_KEY = 'API key not valid. Please pass a valid API key.';
const BAD_KEY_DETAILS = [
  {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'API_KEY_INVALID',
    domain: 'googleapis.com',
    metadata: { service: 'generativelanguage.googleapis.com' },
  },
];
const NOT_FOUND_PAGE = '<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n</html>\n';

/** @type {Record<number, [status: string, message: string]>} */
const STATUSES = {
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.'],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
};

/** The wait, if any, stands in the body; there is no retry-after header. @param {number} seconds */
const quotaDetails = (seconds) => [
  {
    '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
    violations: [
      { quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests', quotaValue: '10' },
    ],
  },
  ...(seconds > 0 ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` }] : []),
];

/** @param {string} id */
const modelObject = (id) => ({
  name: `models/${id}`,
  version: '001',
  displayName: id,
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 65_536,
  supportedGenerationMethods: ['generateContent', 'countTokens'],
});
