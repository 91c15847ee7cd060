import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { bounded } from './bounded.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const never = new Promise<string>(() => undefined);
const bounding = (work: Promise<string>) => {
  const abort = jest.fn();
  return { abort, done: bounded(work, 1_500, { abort }) };
};

describe('work with a deadline', () => {
  it('that ends in time gives what it gives, and leaves no timer', async () => {
    const { done, abort } = bounding(Promise.resolve('done'));
    await expect(done).resolves.toBe('done');
    expect([abort.mock.calls.length, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('that fails in time fails as it fails', async () => {
    const fault = new Error('broken');
    const { done, abort } = bounding(Promise.reject(fault));
    await expect(done).rejects.toBe(fault);
    expect([abort.mock.calls.length, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('that takes longer is given up', async () => {
    const { done, abort } = bounding(never);
    const refused = expect(done).rejects.toMatchObject({
      code: 'GW_TIMEOUT',
      message: 'The provider did not answer within 1.5 s.',
    });
    await jest.advanceTimersByTimeAsync(1_499);
    expect(abort).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await refused;
    expect(abort).toHaveBeenCalledTimes(1);
  });
});
