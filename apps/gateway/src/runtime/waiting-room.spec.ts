import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WaitingRoom, type Place } from './waiting-room.js';

const MAX_WAIT_MS = 5_000;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const aRoom = (maxSize = 10): WaitingRoom => new WaitingRoom({ maxSize, maxWaitMs: MAX_WAIT_MS }, () => Date.now());

/** Some who wait, by name, and in which order they went in; `name!` went away instead. */
const waiting = (room: WaitingRoom) => {
  const order: string[] = [];
  const places: Record<string, Place> = {};
  const wait = (name: string, isBack: boolean): void => {
    void room.wait(places[name]!, isBack).then((isLetIn) => order.push(isLetIn ? name : `${name}!`));
  };
  const comes = (name: string, { key = 'm', caller = 'someone', priority = 0 } = {}): void => {
    places[name] = room.enter(key, caller, priority, undefined);
    wait(name, false);
  };
  const comesBack = (name: string): void => wait(name, true);
  const seen = async (): Promise<string[]> => {
    await new Promise(setImmediate);
    return order;
  };
  return { comes, comesBack, seen, places };
};

describe('who waits', () => {
  it('is let in one at a time, in the order of arrival', async () => {
    const room = aRoom();
    const { comes, seen } = waiting(room);
    for (const name of ['a', 'b', 'c']) comes(name);
    expect([room.size, room.isQueued('m'), await seen()]).toEqual([3, true, []]);
    room.letIn();
    expect(await seen()).toEqual(['a']);
    room.letIn();
    room.letIn();
    expect([room.size, room.isQueued('m'), await seen()]).toEqual([0, false, ['a', 'b', 'c']]);
  });

  it('waits in a line of its own for each model', async () => {
    const room = aRoom();
    const { comes, seen } = waiting(room);
    for (const name of ['a', 'b']) comes(name);
    comes('x', { key: 'other' });
    room.letInTo('other');
    expect([room.isQueued('other'), await seen()]).toEqual([false, ['x']]);
    comes('y', { key: 'other' });
    room.letIn();
    expect(await seen()).toEqual(['x', 'a', 'y']);
  });

  it('goes in by priority, and callers of the same take turns', async () => {
    const room = aRoom();
    const { comes, seen } = waiting(room);
    comes('one 1', { caller: 'one' });
    comes('one 2', { caller: 'one' });
    comes('two 1', { caller: 'two' });
    comes('urgent', { priority: -1 });
    for (let count = 0; count < 4; count += 1) room.letIn();
    expect(await seen()).toEqual(['urgent', 'one 1', 'two 1', 'one 2']);
  });

  it('and found no room has the old place when it comes back', async () => {
    const room = aRoom();
    const { comes, comesBack, seen } = waiting(room);
    for (const name of ['a', 'b']) comes(name);
    room.letIn();
    await seen();
    comesBack('a');
    room.letIn();
    expect(await seen()).toEqual(['a', 'a']);
  });

  it('looks again after a while, without being called: others make room in silence', async () => {
    const { comes, seen } = waiting(aRoom());
    comes('a');
    jest.advanceTimersByTime(99);
    expect(await seen()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(await seen()).toEqual(['a']);
  });
});

describe('who waits no longer', () => {
  it('because its time is over leaves its place', async () => {
    const room = aRoom();
    jest.spyOn(room, 'letIn').mockImplementation(() => undefined);
    const { comes, seen } = waiting(room);
    comes('a');
    jest.advanceTimersByTime(MAX_WAIT_MS - 1);
    expect(await seen()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect([await seen(), room.size, room.isQueued('m')]).toEqual([['a!'], 0, false]);
  });

  it('had one time in all, however often it was let in too early', async () => {
    const room = aRoom();
    const { comes, comesBack, seen } = waiting(room);
    comes('a');
    room.letIn();
    await seen();
    jest.advanceTimersByTime(MAX_WAIT_MS);
    comesBack('a');
    expect([await seen(), room.size, room.isQueued('m')]).toEqual([['a', 'a!'], 0, false]);
  });

  it('because its client left makes way for the next', async () => {
    const room = aRoom();
    const { comes, seen, places } = waiting(room);
    for (const name of ['a', 'b']) comes(name);
    room.leave(places['a']!);
    room.leave(places['a']!);
    room.letIn();
    expect([await seen(), room.size]).toEqual([['a!', 'b'], 0]);
  });

  it('holds no timer', async () => {
    const room = aRoom();
    const { comes, seen } = waiting(room);
    for (const name of ['a', 'b']) comes(name);
    room.letIn();
    await seen();
    expect(jest.getTimerCount()).toBe(2);
    room.letIn();
    await seen();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a full queue', () => {
  const refusal = (retryAfterMs: number): unknown =>
    expect.objectContaining({
      code: 'GW_QUEUE_FULL',
      message: expect.stringContaining('1 requests'),
      facts: { retryAfterMs },
    });

  it('takes nobody, whatever it waits for, until somebody leaves', () => {
    const room = aRoom(1);
    const { comes, places } = waiting(room);
    comes('a');
    expect(() => room.enter('other', 'x', 0, 3_000)).toThrow(refusal(3_000));
    expect(() => room.enter('other', 'x', 0, undefined)).toThrow(refusal(1_000));
    room.leave(places['a']!);
    expect(room.enter('other', 'x', 0, undefined)).toMatchObject({ waitedMs: MAX_WAIT_MS });
  });

  it('takes back one that had its place', async () => {
    const room = aRoom(1);
    const { comes, comesBack, seen } = waiting(room);
    comes('a');
    room.letIn();
    await seen();
    comes('b');
    comesBack('a');
    room.letIn();
    expect(await seen()).toEqual(['a', 'a']);
  });
});
