import { describe, expect, it } from '@jest/globals';
import { RequestQueue, type Ticket } from './queue.js';

const PLENTY = 1_000;

/** Lets everybody in; the callers in the order in which they came in. */
const emptied = (queue: RequestQueue, key = 'g'): string[] => {
  const callers: string[] = [];
  for (let ticket = queue.admit(key); ticket; ticket = queue.admit(key)) callers.push(ticket.caller);
  return callers;
};

/** `a a b:0`: callers in the order of arrival, with a priority other than 5. */
const filled = (arrivals: string, queue = new RequestQueue(PLENTY)): [RequestQueue, Ticket[]] => {
  const tickets = arrivals.split(' ').map((arrival) => {
    const [caller, priority = '5'] = arrival.split(':');
    return queue.enter('g', caller!, Number(priority))!;
  });
  return [queue, tickets];
};

describe('the queue', () => {
  it.each<[string, string, string]>([
    ['lets callers in as they came', 'a b c', 'a b c'],
    ['lets those of a caller in as they came', 'a a a', 'a a a'],
    ['lets callers take turns', 'a a a b b c', 'a b c a b a'],
    ['lets a caller that came late take its turn at once', 'a a a a b', 'a b a a a'],
    ['lets the lower priority number in first', 'a:9 b:5 c:0 d:5', 'c b d a'],
    ['lets a caller with a better priority in before any turns', 'a a b a:0 a:0', 'a a a b a'],
    ['counts turns by priority', 'a:0 a:0 a b', 'a a a b'],
    ['knows priorities below 0', 'a b:-1', 'b a'],
  ])('%s', (_title, arrivals, expected) => {
    const [queue] = filled(arrivals);
    expect(emptied(queue).join(' ')).toBe(expected);
  });

  it('keeps a turn for callers that come while others are let in', () => {
    const [queue] = filled('a a a a');
    queue.admit('g');
    filled('b b', queue);
    expect(emptied(queue)).toEqual(['a', 'b', 'a', 'b', 'a']);
  });

  it('is fair to a low priority that waits behind a high one', () => {
    const [queue] = filled('slow slow slow');
    for (let count = 0; count < 20; count += 1) {
      filled('fast:0', queue);
      expect(queue.admit('g')?.caller).toBe('fast');
    }
    filled('late', queue);
    expect(emptied(queue)).toEqual(['slow', 'late', 'slow', 'slow']);
  });

  it('does not let one who comes again and again wait forever, nor everybody else', () => {
    const [queue] = filled('greedy greedy greedy greedy polite');
    const order: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const { caller } = queue.admit('g')!;
      order.push(caller);
      queue.enter('g', caller, 5);
    }
    expect(order.filter((caller) => caller === 'polite')).toHaveLength(4);
  });

  it('has one line for each thing that is waited for', () => {
    const queue = new RequestQueue(PLENTY);
    queue.enter('g', 'a', 5);
    queue.enter('h', 'b', 5);
    expect([[...queue.keys()], queue.waiting('g'), queue.waiting('i'), queue.size]).toEqual([['g', 'h'], 1, 0, 2]);
    expect(queue.admit('h')?.caller).toBe('b');
    expect([[...queue.keys()], queue.size]).toEqual([['g'], 1]);
  });

  it('has nobody to let in where nobody waits', () => expect(new RequestQueue(1).admit('g')).toBeUndefined());

  it('is full when it is full, whatever is waited for', () => {
    const queue = new RequestQueue(2);
    expect([queue.enter('g', 'a', 5), queue.enter('h', 'b', 5)]).not.toContain(undefined);
    expect(queue.enter('i', 'c', 0)).toBeUndefined();
    expect([[...queue.keys()], queue.size]).toEqual([['g', 'h'], 2]);
    queue.admit('g');
    expect(queue.enter('g', 'c', 5)).toBeDefined();
  });

  it('of size 0 takes nobody', () => expect(new RequestQueue(0).enter('g', 'a', 0)).toBeUndefined());

  it('forgets those who leave, once', () => {
    const [queue, [, second]] = filled('a b c');
    expect([queue.leave(second!), queue.leave(second!), queue.size]).toEqual([true, false, 2]);
    expect(emptied(queue)).toEqual(['a', 'c']);
  });

  it('tells those who leave too late that they were let in', () => {
    const [queue, [first]] = filled('a');
    queue.admit('g');
    expect([queue.leave(first!), queue.size]).toEqual([false, 0]);
  });

  it.each(['a a b b', 'a b', 'a'])('puts one that was let in too early back to its place: %s', (arrivals) => {
    const [queue] = filled(arrivals);
    const [untouched] = filled(arrivals);
    queue.reenter(queue.admit('g')!);
    expect(queue.size).toBe(untouched.size);
    expect(emptied(queue)).toEqual(emptied(untouched));
  });

  it('puts back one that was let in too early even when others filled its place', () => {
    const queue = new RequestQueue(1);
    queue.enter('g', 'a', 5);
    const early = queue.admit('g')!;
    queue.enter('g', 'b', 5);
    queue.reenter(early);
    expect([queue.size, emptied(queue)]).toEqual([2, ['a', 'b']]);
  });

  it('keeps nothing of callers that are gone', () => {
    const queue = new RequestQueue(PLENTY);
    const anchor = queue.enter('g', 'anchor', 9)!;
    for (let count = 0; count < 1_000; count += 1) {
      queue.enter('g', `caller ${count}`, 5);
      queue.admit('g');
    }
    expect(queue.waiting('g')).toBe(1);
    queue.leave(anchor);
    expect([[...queue.keys()], queue.size]).toEqual([[], 0]);
  });
});
