// What completes an answer waits until the call is on record.
import { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFront, anAttempt, FakeResponse } from '../../test/doubles.js';
import { aFailure, aRecalled, aRuntime, aSnapshot, aWholeAnswer, FakeStream } from '../../test/road.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import { answer } from './answer.js';
import type { Called, Exchange, Outcome } from './exchange.js';
import { fail } from './fail.js';

/** A journal that writes when it is told to. */
class HeldJournal {
  readonly recorded: Outcome['status'][] = [];
  readonly waiting: (() => void)[] = [];
  isBroken = false;

  record(_exchange: Exchange, outcome: Outcome, written: () => void): void {
    if (this.isBroken) throw new GatewayError('GW_JOURNAL_FULL', 'full');
    this.recorded.push(outcome.status);
    this.waiting.push(written);
  }

  write(): void {
    for (const written of this.waiting.splice(0)) written();
  }
}

const aCall = (given?: UpstreamAnswer, filled: Partial<Exchange> = {}) => {
  const journal = new HeldJournal();
  const { runtime, told } = aRuntime({ journal });
  const response = new FakeResponse();
  const front = aFront({ errorBody: ({ code }) => JSON.stringify({ code }) });
  const exchange = aRecalled(aSnapshot(), filled, { front, response: response.asResponse() }) as Called;
  anAttempt(exchange);
  if (given) exchange.answer = given;
  return { journal, response, exchange, told, runtime, run: async () => answer(runtime).run(exchange) };
};

describe('a whole answer', () => {
  it('is sent when the call is on record', async () => {
    const { journal, response, run } = aCall(aWholeAnswer('x'));
    await run();
    expect([journal.recorded, response.headersSent]).toEqual([['success'], false]);
    journal.write();
    expect([response.status, response.text, response.ended]).toEqual([200, 'x', true]);
  });

  it('is not sent to a client that left meanwhile', async () => {
    const { journal, response, exchange, run } = aCall(aWholeAnswer('x'));
    await run();
    exchange.isClientGone = true;
    journal.write();
    expect(response.headersSent).toBe(false);
  });

  it('is not sent at all when the call cannot be recorded', async () => {
    const { journal, response, run } = aCall(aWholeAnswer('x'));
    journal.isBroken = true;
    await expect(run()).rejects.toThrow('full');
    expect(response.headersSent).toBe(false);
  });
});

it('a stream ends when the call is on record', async () => {
  const { journal, response, run } = aCall(new FakeStream('words'));
  await run();
  expect([journal.recorded, response.ended]).toEqual([['success'], false]);
  journal.write();
  expect(response.ended).toBe(true);
});

describe('an error', () => {
  it('is told when the failed call is on record', () => {
    const { journal, response, exchange, runtime } = aCall();
    fail(runtime, exchange, aFailure());
    expect([journal.recorded, response.headersSent]).toEqual([['failure'], false]);
    journal.write();
    expect(response.text).toBe('{"code":"GW_UPSTREAM_ERROR"}');
  });

  it('is told even where the call cannot be recorded, and that is logged', () => {
    const { journal, response, exchange, runtime, told } = aCall();
    journal.isBroken = true;
    fail(runtime, exchange, aFailure());
    expect(response.text).toBe('{"code":"GW_UPSTREAM_ERROR"}');
    expect(told.logged).toEqual([expect.objectContaining({ message: 'a failed call is not on record' })]);
  });

  it.each<[string, Partial<Exchange>]>([
    ['who is not known', { principal: undefined }],
    ['which could not be read', { model: undefined }],
  ])('of a call %s is told at once, and recorded nowhere', (_what, filled) => {
    const { journal, response, exchange, runtime } = aCall(undefined, filled);
    fail(runtime, exchange, aFailure());
    expect([journal.recorded, response.ended]).toEqual([[], true]);
  });
});
