import { describe, expect, it } from '@jest/globals';
import { Containment } from '@turnpike/kernel';
import type { CallFinished, EventsV1 } from '@turnpike/plugin-sdk';
import { aCallFinished, aCallStarted, anUpstreamAnswered, anUpstreamAsked, FakeClock } from '@turnpike/plugin-testkit';
import { until } from '../../test/until.js';
import { Delivery, type DeliveryLimits, type PendingCall } from './delivery.js';

const pending = (callId: string): PendingCall => ({ told: () => aCallFinished({ callId }) });

const idsOf = (batch: readonly CallFinished[]): string[] => batch.map(({ callId }) => callId);

const delivering = (events: EventsV1, limits: Partial<DeliveryLimits> = {}) => {
  const lost: number[] = [];
  const clock = new FakeClock();
  const delivery = new Delivery({
    target: { events, hooks: new Containment({ plugin: 'callback.x', clock, onEvent: () => undefined }) },
    wishes: { maxBatch: 3, intervalMs: 5, ...events.delivery },
    onDropped: (count) => lost.push(count),
    random: () => 0.5,
    limits: { firstWaitMs: 1, hookDeadlineMs: 500, ...limits },
  });
  const push = (...ids: string[]): void => {
    for (const id of ids) delivery.push('onSuccess', pending(id), 10);
  };
  return { delivery, push, lost, clock };
};

/** Writes down the batches it gets; the first `failures` of them fail. */
const collector = (failures = 0) => {
  const batches: string[][] = [];
  let tries = 0;
  const onSuccess = (batch: readonly CallFinished[]): Promise<void> => {
    tries += 1;
    if (tries <= failures) return Promise.reject(new Error('away'));
    batches.push(idsOf(batch));
    return Promise.resolve();
  };
  return { batches, events: { onSuccess }, tries: () => tries };
};

describe('a delivery', () => {
  it('sends a full batch at once, and the rest when its time is over', async () => {
    const { batches, events } = collector();
    const { push } = delivering(events);
    push('1', '2', '3', '4');
    await until(() => batches.length === 2);
    expect(batches).toEqual([['1', '2', '3'], ['4']]);
  });

  it('tells nobody in the turn of the call', () => {
    const { batches, events } = collector();
    const { push } = delivering(events);
    push('1', '2', '3');
    expect(batches).toEqual([]);
  });

  it('sends a batch that failed again, the same one, before later ones', async () => {
    const { batches, events } = collector(2);
    const { push, lost } = delivering(events);
    push('1', '2', '3', '4');
    await until(() => batches.length === 2);
    expect(batches).toEqual([['1', '2', '3'], ['4']]);
    expect(lost).toEqual([]);
  });

  it('gives a batch up after so many tries, and goes on with the next', async () => {
    const { batches, events } = collector(3);
    const { push, lost } = delivering(events, { maxTries: 3 });
    push('1', '2', '3');
    push('4');
    await until(() => batches.length === 1);
    expect(batches).toEqual([['4']]);
    expect(lost).toEqual([3]);
  });

  it('waits while its callback is switched off', async () => {
    const { batches, events, tries } = collector(5);
    const { push, clock } = delivering(events, { maxTries: 10 });
    push('1', '2', '3');
    await until(() => tries() === 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tries()).toBe(5);
    clock.advance(60_000);
    await until(() => batches.length === 1);
    expect(batches).toEqual([['1', '2', '3']]);
  });

  it.each([
    ['too many wait', { maxWaiting: 5 }],
    ['they hold too much', { maxWaitingBytes: 50 }],
  ])('lets the oldest go when %s', async (_title, limits) => {
    let release = (): void => undefined;
    const batches: string[][] = [];
    const { push, lost, delivery } = delivering(
      {
        onSuccess: async (batch) => {
          batches.push(idsOf(batch));
          if (batches.length === 1) await new Promise<void>((resolve) => (release = resolve));
        },
      },
      limits,
    );
    push('1', '2', '3');
    await until(() => batches.length === 1);
    push('4', '5', '6', '7', '8', '9', '10');
    expect(lost).toEqual([1, 1]);
    expect(delivery.depth).toBe(5);
    release();
    await until(() => batches.flat().length === 8);
    expect(batches.flat()).toEqual(['1', '2', '3', '6', '7', '8', '9', '10']);
  });

  it('tells the moments of a call in their order', async () => {
    const heard: string[] = [];
    const hear = (moment: string) => () => void heard.push(moment);
    const { delivery } = delivering({
      onBeforeCall: hear('before'),
      onStreamEvent: hear('chunk'),
      onAfterCall: hear('after'),
      onSuccess: hear('success'),
    });
    delivery.push('onBeforeCall', anUpstreamAsked());
    delivery.push('onStreamEvent', { call: aCallStarted(), chunk: { type: 'text-delta', choice: 0, text: 'Hi' } });
    delivery.push('onAfterCall', anUpstreamAnswered());
    delivery.push('onSuccess', pending('1'));
    await until(() => heard.length === 4);
    expect(heard).toEqual(['before', 'chunk', 'after', 'success']);
  });

  it('does not tell single events twice', async () => {
    let tries = 0;
    const { delivery, lost } = delivering({
      onBeforeCall: () => {
        tries += 1;
        throw new Error('no');
      },
    });
    delivery.push('onBeforeCall', anUpstreamAsked());
    await until(() => lost.length === 1);
    expect(tries).toBe(1);
  });

  it('tells what waits before it closes', async () => {
    const { batches, events } = collector();
    const { push, delivery, lost } = delivering({ ...events, delivery: { intervalMs: 60_000 } });
    push('1', '2', '3', '4', '5');
    await delivery.close(1_000);
    expect(batches.flat()).toEqual(['1', '2', '3', '4', '5']);
    expect(lost).toEqual([]);
  });

  it('does not wait for one that hangs when it closes, and says what was lost', async () => {
    const { push, delivery, lost } = delivering({ onSuccess: () => new Promise(() => undefined) });
    push('1', '2', '3', '4');
    await delivery.close(50);
    expect(lost).toEqual([1]);
    expect(delivery.depth).toBe(0);
  });

  it('loses what waits for a callback that cannot be opened', async () => {
    const lost: number[] = [];
    const delivery = new Delivery({
      target: Promise.reject(new Error('no such callback')),
      wishes: { intervalMs: 1 },
      onDropped: (count) => lost.push(count),
      random: () => 0.5,
    });
    delivery.push('onSuccess', pending('1'));
    delivery.push('onSuccess', pending('2'));
    await until(() => lost.length === 1);
    expect(lost).toEqual([2]);
  });
});
