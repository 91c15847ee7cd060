import { GatewayError } from '@turnpike/errors';
import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it, jest } from '@jest/globals';
import { anAttempt, anExchange, anInstance } from '../../test/doubles.js';
import { Callable } from '../runtime/callable.js';
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from './answer.js';
import { withKnownStreamOptions } from './stream-options.js';

const ANSWER = {} as UpstreamAnswer;

const failed = (message: string, upstreamStatus = 400, param?: string): GatewayError =>
  new GatewayError('GW_INVALID_REQUEST', message, { upstreamStatus, param });

const REFUSED = failed("provider.x: Unknown parameter: 'stream_options'.");

/** Sends with these outcomes, one after the other. */
const sending = (outcomes: readonly (UpstreamAnswer | Error)[], { isStream = true } = {}) => {
  const callable = new Callable(aDeployment(), anInstance<'provider/v1'>('provider.x', {}));
  const info = jest.fn();
  const runtime = { log: { info } } as unknown as Runtime;
  const asked: boolean[] = [];
  const left = [...outcomes];
  const send = (): Promise<UpstreamAnswer> => {
    asked.push(callable.takesStreamOptions);
    const outcome = left.shift()!;
    return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
  };
  const ended = withKnownStreamOptions(runtime, anAttempt(anExchange({ isStream })), callable, send);
  return { ended, asked, callable, info };
};

describe('stream_options', () => {
  it('are sent as long as nobody minds', async () => {
    const { ended, asked, callable } = sending([ANSWER]);
    expect(await ended).toBe(ANSWER);
    expect([asked, callable.takesStreamOptions]).toEqual([[true], true]);
  });

  it.each([
    ['by its words', REFUSED],
    ['by the field it names', failed('provider.x: Extra inputs are not permitted', 422, 'stream_options')],
  ])('that are refused %s are left out, then and later', async (_how, refusal) => {
    const { ended, asked, callable, info } = sending([refusal, ANSWER]);
    expect(await ended).toBe(ANSWER);
    expect([asked, callable.takesStreamOptions]).toEqual([[true, false], false]);
    expect(info).toHaveBeenCalledTimes(1);
  });

  it.each<[string, Error, boolean]>([
    ['another field', failed('provider.x: temperature is too high'), true],
    ['another status', failed('provider.x: stream_options', 500), true],
    ['a fault of the gateway', new TypeError('stream_options'), true],
    ['a whole answer', REFUSED, false],
  ])('are not blamed for %s', async (_what, error, isStream) => {
    const { ended, asked, callable } = sending([error], { isStream });
    await expect(ended).rejects.toBe(error);
    expect([asked, callable.takesStreamOptions]).toEqual([[true], true]);
  });

  it('are sent again when it fails without them as well', async () => {
    const later = failed('provider.x: stream_options, still');
    const { ended, asked, callable, info } = sending([REFUSED, later]);
    await expect(ended).rejects.toBe(later);
    expect([asked, callable.takesStreamOptions]).toEqual([[true, false], true]);
    expect(info).not.toHaveBeenCalled();
  });
});
