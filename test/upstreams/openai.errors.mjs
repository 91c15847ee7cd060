/** OpenAI's error bodies. */

/** @typedef {{ message: string, type: string, param: string | null, code: string | number | null }} OpenAiError */

/** @type {Record<'context' | 'content-policy' | 'quota', OpenAiError>} */
export const REFUSALS = {
  context: {
    message:
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. " +
      'Please reduce the length of the messages.',
    type: 'invalid_request_error',
    param: 'messages',
    code: 'context_length_exceeded',
  },
  'content-policy': {
    message: 'Your request was rejected as a result of our safety system.',
    type: 'invalid_request_error',
    param: null,
    code: 'content_policy_violation',
  },
  quota: {
    message: 'You exceeded your current quota, please check your plan and billing details.',
    type: 'insufficient_quota',
    param: null,
    code: 'insufficient_quota',
  },
};

/** @param {number} status @param {string} model @param {number} seconds @returns {OpenAiError} */
export function failureOf(status, model, seconds) {
  /** @type {(type: string, code: string | number | null, message: string) => OpenAiError} */
  const body = (type, code, message) => ({ message, type, param: null, code });
  switch (status) {
    case 401:
      return body('invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.');
    case 403:
      return body(
        'request_forbidden',
        'unsupported_country_region_territory',
        'Country, region, or territory not supported',
      );
    case 404:
      return body(
        'invalid_request_error',
        'model_not_found',
        `The model \`${model}\` does not exist or you do not have access to it.`,
      );
    case 429:
      return body(
        'requests',
        'rate_limit_exceeded',
        `Rate limit reached for ${model} on requests per min (RPM): Limit 3, Used 3, Requested 1.` +
          (seconds > 0 ? ` Please try again in ${seconds}s.` : ''),
      );
    case 502:
    case 504:
      return body('cf_bad_gateway', status, status === 502 ? 'Bad gateway.' : 'Gateway timeout.');
    case 503:
      return body('server_error', null, 'The engine is currently overloaded, please try again later');
    default:
      return status >= 500
        ? body('server_error', null, 'The server had an error while processing your request. Sorry about that!')
        : body('invalid_request_error', null, `The request was refused with status ${status}.`);
  }
}
