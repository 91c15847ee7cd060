import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it, jest } from '@jest/globals';
import { aFront, anAttempt, anExchange } from '../../test/doubles.js';
import { Transcript } from '../upstream/transcript.js';
import { Attempt } from './attempt.js';
import type { Recalled } from './exchange.js';

describe('an attempt that is given up', () => {
  it('gives up what is under way for it: what was begun last', () => {
    const attempt = anAttempt();
    const [former, last] = [jest.fn(), jest.fn()];
    attempt.isDoing({ abort: former });
    attempt.isDoing({ abort: last });
    attempt.abort();
    expect([former.mock.calls.length, last.mock.calls.length]).toEqual([0, 1]);
  });

  it('gives up at once what begins too late', () => {
    const attempt = anAttempt();
    attempt.abort();
    const abort = jest.fn();
    attempt.isDoing({ abort });
    expect(abort).toHaveBeenCalledTimes(1);
  });

  it('aborts its signal, whenever that is asked for', () => {
    const [before, after] = [anAttempt(), anAttempt()];
    const { signal } = before;
    expect(signal.aborted).toBe(false);
    before.abort();
    after.abort();
    expect([signal.aborted, before.signal === signal, after.signal.aborted]).toEqual([true, true, true]);
  });

  it('leaves the others of its call alone', () => {
    const exchange = anExchange();
    const [one, other] = [anAttempt(exchange), anAttempt(exchange)];
    one.abort();
    expect([one.signal.aborted, other.signal.aborted]).toEqual([true, false]);
  });
});

describe('what an attempt asks for', () => {
  const body = { model: 'm', temperature: 1, messages: ['hello'] };
  const goOnWith = ({ messages }: Readonly<JsonObject>, soFar: string): JsonObject => ({
    messages: [...(messages as string[]), `after ${soFar}`],
  });

  const asking = (overrides: JsonObject | undefined, answerSoFar?: string, front = aFront({ goOnWith })): Attempt => {
    const exchange = anExchange<Recalled>({ body }, { front });
    const { choice } = anAttempt(exchange);
    const former = answerSoFar === undefined ? undefined : Object.assign(new Transcript(), { text: answerSoFar });
    return new Attempt(exchange, { ...choice, overrides }, undefined, new Transcript(former));
  };

  it("is the client's very body, as a rule", () => {
    const attempt = asking(undefined);
    expect(attempt.overrides).toBeUndefined();
    expect(attempt.body).toBe(body);
  });

  it("is changed by the fallback's entry", () => {
    const attempt = asking({ temperature: 0 });
    expect(attempt.overrides).toEqual({ temperature: 0 });
    expect(attempt.body).toEqual({ ...body, temperature: 0 });
  });

  it('is to go on with what another deployment began', () => {
    expect(asking(undefined, 'Once').body).toEqual({ ...body, messages: ['hello', 'after Once'] });
  });

  it('is the same as before where nothing was said yet', () => expect(asking(undefined, '').body).toBe(body));

  it("is to go on from the fallback's own words, where its entry has some", () => {
    const attempt = asking({ messages: ['theirs'], temperature: 0 }, 'Once');
    expect(attempt.overrides).toEqual({ messages: ['theirs', 'after Once'], temperature: 0 });
  });

  it('is the same as before where its kind of call cannot go on', () => {
    expect(asking({ temperature: 0 }, 'Once', aFront()).overrides).toEqual({ temperature: 0 });
  });
});
