import { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { toOpenAiErrorBody } from './errors.js';

const bodyOf = (error: GatewayError, message?: string): unknown => JSON.parse(toOpenAiErrorBody(error, message));

describe("OpenAI's error body", () => {
  it('names the field at fault, and gives the status as code where OpenAI has no word', () => {
    expect(bodyOf(new GatewayError('GW_INVALID_REQUEST', 'm', { param: 'messages[0]' }))).toStrictEqual({
      error: { message: 'm', type: 'invalid_request_error', param: 'messages[0]', code: '400' },
    });
  });

  it("has OpenAI's code where there is one", () => {
    expect(bodyOf(new GatewayError('GW_CONTEXT_WINDOW_EXCEEDED', 'm'))).toStrictEqual({
      error: { message: 'm', type: 'invalid_request_error', param: null, code: 'context_length_exceeded' },
    });
  });

  it('may say it in other words', () => {
    expect(bodyOf(new GatewayError('GW_INTERNAL', 'a secret'), 'masked')).toMatchObject({
      error: { message: 'masked' },
    });
  });
});
