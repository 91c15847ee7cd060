import { describe, expect, it } from '@jest/globals';
import { GatewayError } from './gateway-error.js';
import type { ErrorCode } from './table.js';
import { classifyUpstreamError, namingProvider, upstreamError, type UpstreamFailure } from './upstream.js';

const failed = (status: number, body: unknown, headers: UpstreamFailure['headers'] = {}) =>
  upstreamError(
    { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) },
    'provider.x',
    Date.parse('2026-01-15T12:00:00Z'),
  );

const says = (message: string): unknown => ({ error: { message } });

describe('the errors of known providers', () => {
  it.each<[string, number, unknown, ErrorCode]>([
    [
      "OpenAI's context overflow",
      400,
      {
        error: {
          message:
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      },
      'GW_CONTEXT_WINDOW_EXCEEDED',
    ],
    [
      "Anthropic's overload",
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'req_1' },
      'GW_UPSTREAM_UNAVAILABLE',
    ],
    [
      "Gemini's refused key, which is a 400 in a list",
      400,
      [
        {
          error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' },
        },
      ],
      'GW_UPSTREAM_AUTHENTICATION',
    ],
    [
      "Gemini's spent quota",
      429,
      { error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '34s' }] } },
      'GW_UPSTREAM_RATE_LIMITED',
    ],
    [
      "Bedrock's context overflow",
      400,
      { message: 'Input is too long for requested model.' },
      'GW_CONTEXT_WINDOW_EXCEEDED',
    ],
    [
      "Mistral's tool call id",
      400,
      {
        object: 'error',
        message: 'Tool call id was x but must be a-z, A-Z, 0-9, with a length of 9.',
        type: 'invalid_request_error',
        code: '3280',
      },
      'GW_INVALID_REQUEST',
    ],
    [
      "xAI's refused key, whose error is a text",
      400,
      { code: 'Client specified an invalid argument', error: 'Incorrect API key provided' },
      'GW_UPSTREAM_AUTHENTICATION',
    ],
    [
      "AWS's expired token",
      403,
      { message: 'The security token included in the request is expired' },
      'GW_UPSTREAM_AUTHENTICATION',
    ],
    [
      "DeepSeek's empty account",
      402,
      { error: { message: 'Insufficient Balance', type: 'unknown_error', param: null, code: 'invalid_request_error' } },
      'GW_UPSTREAM_BILLING',
    ],
    ['a proxy in front', 503, '<html><title>503 Service Temporarily Unavailable</title>', 'GW_UPSTREAM_UNAVAILABLE'],
    [
      'an error inside a stream',
      200,
      { error: { code: 502, message: 'Provider returned error' } },
      'GW_UPSTREAM_UNAVAILABLE',
    ],
    ["Ollama's lack of tools", 400, { error: 'model "x" does not support tools' }, 'GW_INVALID_REQUEST'],
    [
      "OpenAI's spent quota, which is a 429",
      429,
      { error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' } },
      'GW_UPSTREAM_BILLING',
    ],
    [
      "OpenAI's request beyond the tokens a minute",
      429,
      says('Request too large for gpt-x in organization org on tokens per min (TPM): Limit 10000, Requested 20000.'),
      'GW_UPSTREAM_RATE_LIMITED',
    ],
    [
      "Azure's filter",
      400,
      { error: { code: 'content_filter', message: "triggering Azure OpenAI's content management policy" } },
      'GW_CONTENT_POLICY',
    ],
  ])('%s is understood', (_title, status, body, code) => expect(failed(status, body).code).toBe(code));
});

describe('words of a refused request', () => {
  const RULES: [ErrorCode, string[]][] = [
    [
      'GW_UPSTREAM_RATE_LIMITED',
      [
        'Rate limit reached',
        'rate_limit_exceeded',
        'ratelimit',
        'Service tier capacity exceeded',
        'Too many requests',
        'ThrottlingException: throttled',
        'RESOURCE_EXHAUSTED',
        'Resource exhausted',
        'Quota exceeded for metric',
      ],
    ],
    [
      'GW_CONTEXT_WINDOW_EXCEEDED',
      [
        'context_length_exceeded',
        'maximum context length is 10',
        "the model's maximum context limit",
        'input length and max_tokens exceed context limit: 1 + 2 > 2',
        "the prompt is longer than the model's context length",
        'prompt is too long: 210000 tokens > 200000 maximum',
        'Input is too long for requested model',
        'too many input tokens',
        'Input tokens exceed the configured limit of 272000 tokens',
        '`inputs` tokens + `max_new_tokens` must be <= 4096',
        'the request exceeds the available context size',
        'The input token count (5) exceeds the maximum number of tokens allowed (4)',
        'Current length is 9000 while limit is 8192',
        'maximum input length is 8192 tokens',
        'tokens_limit_reached',
        'larger than the context window',
        'Please reduce the length of the messages',
        'too many tokens: total is larger',
        'the input length exceeds context length',
      ],
    ],
    [
      'GW_CONTENT_POLICY',
      [
        'content_policy_violation',
        'ResponsibleAIPolicyViolation',
        'content management policy',
        'rejected as a result of our safety system',
        'content_filter_policy',
        'The model produced invalid content',
        'Invalid prompt: flagged as potentially violating our usage policy',
        'PROHIBITED_CONTENT',
        'Output blocked by content filtering policy',
        'data_inspection_failed',
      ],
    ],
    [
      'GW_UPSTREAM_AUTHENTICATION',
      [
        'Incorrect API key provided',
        'invalid api key',
        'API key not valid',
        'invalid_api_key',
        'Unauthorized',
        'invalid x-api-key',
        'expired token',
        'The security token included in the request is invalid',
      ],
    ],
    ['GW_UPSTREAM_NOT_FOUND', ['model_not_found', 'DeploymentNotFound', 'Unknown model x', 'no such model']],
    [
      'GW_UPSTREAM_BILLING',
      [
        'insufficient_quota',
        'Your credit balance is too low',
        'Insufficient balance',
        'Payment required',
        'billing_hard_limit_reached',
      ],
    ],
    [
      'GW_INVALID_REQUEST',
      [
        'messages is required',
        'string_above_max_length: maximum context length',
        "Invalid 'user': too many tokens",
        'the number 429 stands in this prompt',
        'max_tokens exceeds the rate limits of the model',
      ],
    ],
  ];

  it.each(RULES.flatMap(([code, texts]) => texts.map((text) => [text, code] as const)))('%j means %s', (text, code) => {
    expect(failed(400, says(text)).code).toBe(code);
  });

  it.each<[string, ErrorCode]>([
    ['Rate limit reached: too many tokens', 'GW_UPSTREAM_RATE_LIMITED'],
    ['insufficient_quota: too many requests', 'GW_UPSTREAM_BILLING'],
    ['prompt is too long for the safety system', 'GW_CONTEXT_WINDOW_EXCEEDED'],
  ])('%j means %s: the first rule counts', (text, code) => expect(failed(400, says(text)).code).toBe(code));

  it.each([401, 404, 500, 503])('do not count beside a %s, whose text may quote a prompt', (status) => {
    expect(failed(status, says('rate limit, context window, safety system')).code).toBe(failed(status, '').code);
  });

  it.each([401, 404])('of an empty account count even beside a %s', (status) => {
    expect(failed(status, says('insufficient_quota')).code).toBe('GW_UPSTREAM_BILLING');
  });
});

describe('a status without words', () => {
  it.each<[number, ErrorCode]>([
    [400, 'GW_INVALID_REQUEST'],
    [401, 'GW_UPSTREAM_AUTHENTICATION'],
    [402, 'GW_UPSTREAM_BILLING'],
    [403, 'GW_UPSTREAM_PERMISSION_DENIED'],
    [404, 'GW_UPSTREAM_NOT_FOUND'],
    [408, 'GW_TIMEOUT'],
    [409, 'GW_UPSTREAM_CONFLICT'],
    [413, 'GW_BODY_TOO_LARGE'],
    [418, 'GW_INVALID_REQUEST'],
    [422, 'GW_UNPROCESSABLE'],
    [429, 'GW_UPSTREAM_RATE_LIMITED'],
    [500, 'GW_UPSTREAM_ERROR'],
    [502, 'GW_UPSTREAM_UNAVAILABLE'],
    [503, 'GW_UPSTREAM_UNAVAILABLE'],
    [504, 'GW_TIMEOUT'],
    [529, 'GW_UPSTREAM_UNAVAILABLE'],
    [599, 'GW_UPSTREAM_ERROR'],
  ])('of %i means %s', (status, code) => {
    const error = failed(status, '');
    expect(error.code).toBe(code);
    expect(error.message).toBe(`provider.x: answered with status ${status}`);
  });
});

describe('an error inside a 200', () => {
  it.each<[object, ErrorCode]>([
    [{ type: 'overloaded_error' }, 'GW_UPSTREAM_UNAVAILABLE'],
    [{ type: 'rate_limit_error' }, 'GW_UPSTREAM_RATE_LIMITED'],
    [{ type: 'authentication_error' }, 'GW_UPSTREAM_AUTHENTICATION'],
    [{ type: 'permission_error' }, 'GW_UPSTREAM_PERMISSION_DENIED'],
    [{ type: 'not_found_error' }, 'GW_UPSTREAM_NOT_FOUND'],
    [{ type: 'billing_error' }, 'GW_UPSTREAM_BILLING'],
    [{ type: 'timeout_error' }, 'GW_TIMEOUT'],
    [{ type: 'invalid_request_error' }, 'GW_INVALID_REQUEST'],
    [{ type: 'DEADLINE_EXCEEDED' }, 'GW_TIMEOUT'],
    [{ code: '503' }, 'GW_UPSTREAM_UNAVAILABLE'],
    [{ code: '404' }, 'GW_UPSTREAM_NOT_FOUND'],
    [{ code: '1002' }, 'GW_UPSTREAM_ERROR'],
    [{ message: 'slow down: too many requests' }, 'GW_UPSTREAM_RATE_LIMITED'],
    [{ type: 'constructor' }, 'GW_UPSTREAM_ERROR'],
    [{}, 'GW_UPSTREAM_ERROR'],
  ])('of %j means %s', (read, code) => expect(classifyUpstreamError(200, { message: '', ...read })).toBe(code));
});

describe('upstreamError', () => {
  it('carries every fact', () => {
    const error = failed(
      429,
      { error: { message: 'slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded', param: 'model' } },
      { 'retry-after': '20' },
    );
    expect(error.message).toBe('provider.x: slow down');
    expect(error.facts).toMatchObject({
      provider: 'provider.x',
      param: 'model',
      upstreamStatus: 429,
      upstreamCode: 'rate_limit_exceeded',
      upstreamType: 'rate_limit_error',
      retryAfterMs: 20_000,
    });
  });

  it.each<[string, string]>([
    ['words', 'rate '.repeat(200_000)],
    ['JSON', JSON.stringify({ error: { message: `rate${' '.repeat(1_000_000)}` } })],
    ['tags', '<a '.repeat(330_000)],
  ])('takes a megabyte of %s at once', (_title, body) => {
    const startedAt = performance.now();
    for (const status of [200, 400, 429, 500]) failed(status, body);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('namingProvider', () => {
  it.each([
    ['The provider broke off the stream: Overloaded', 'provider.x broke off the stream: Overloaded'],
    ["The provider's answer cannot be read: it is empty.", "provider.x's answer cannot be read: it is empty."],
    ['Something else went wrong.', 'provider.x: Something else went wrong.'],
  ])('turns %j into %j', (message, named) => {
    const cause = new Error('cause');
    const facts = { upstreamCode: 'c', retryAfterMs: 5, cause };
    const error = namingProvider(new GatewayError('GW_UPSTREAM_UNAVAILABLE', message, facts), 'provider.x');
    expect(error).toMatchObject({
      code: 'GW_UPSTREAM_UNAVAILABLE',
      message: named,
      facts: { ...facts, provider: 'provider.x' },
      cause,
    });
  });

  it.each([
    ['names one already', new GatewayError('GW_PLUGIN_HOOK', 'The guard failed.', { provider: 'guardrail.y' })],
    ['is a client that left', new GatewayError('GW_CLIENT_CLOSED', 'The client left.')],
    ['is none of ours', new TypeError('broken')],
  ])('leaves alone what %s', (_what, error) => expect(namingProvider(error, 'provider.x')).toBe(error));
});
