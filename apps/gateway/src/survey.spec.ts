import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Surveys } from './survey.js';

const DEADLINE_MS = 1_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A question to these workers, and what became of it. */
const asking = (surveys: Surveys<string>, workers: readonly number[]) => {
  const put: number[] = [];
  const result: { answers?: string[] } = {};
  void surveys.ask(workers, (request) => put.push(request)).then((answers) => (result.answers = answers));
  const answers = async (): Promise<string[] | undefined> => {
    await jest.advanceTimersByTimeAsync(0);
    return result.answers;
  };
  return { request: put[0]!, put, answers };
};

describe('a question', () => {
  it('is put once, under a number of its own, and has everybody’s answer', async () => {
    const surveys = new Surveys<string>(DEADLINE_MS);
    const [one, other] = [asking(surveys, [1, 2]), asking(surveys, [1, 2])];
    expect([one.put.length, one.request === other.request]).toEqual([1, false]);
    surveys.heard(one.request, 2, 'b');
    expect(await one.answers()).toBeUndefined();
    surveys.heard(one.request, 1, 'a');
    expect(await one.answers()).toEqual(['b', 'a']);
    expect([await other.answers(), jest.getTimerCount()]).toEqual([undefined, 1]);
  });

  it('is answered by those who have something to say', async () => {
    const surveys = new Surveys<string>(DEADLINE_MS);
    const { request, answers } = asking(surveys, [1, 2]);
    surveys.heard(request, 1, undefined);
    surveys.heard(request, 2, 'b');
    expect(await answers()).toEqual(['b']);
  });

  it('does not wait for those who are silent', async () => {
    const surveys = new Surveys<string>(DEADLINE_MS);
    const { request, answers } = asking(surveys, [1, 2]);
    surveys.heard(request, 1, 'a');
    await jest.advanceTimersByTimeAsync(DEADLINE_MS - 1);
    expect(await answers()).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1);
    expect(await answers()).toEqual(['a']);
    surveys.heard(request, 2, 'late');
    expect(await answers()).toEqual(['a']);
  });

  it('does not wait for those who are gone', async () => {
    const surveys = new Surveys<string>(DEADLINE_MS);
    const [one, other] = [asking(surveys, [1, 2]), asking(surveys, [2])];
    surveys.heard(one.request, 1, 'a');
    surveys.gone(2);
    expect([await one.answers(), await other.answers()]).toEqual([['a'], []]);
  });

  it('counts one answer each, and none of those who were not asked', async () => {
    const surveys = new Surveys<string>(DEADLINE_MS);
    const { request, answers } = asking(surveys, [1, 2]);
    surveys.heard(request, 1, 'a');
    surveys.heard(request, 1, 'again');
    surveys.heard(request, 3, 'unasked');
    expect(await answers()).toBeUndefined();
    surveys.heard(request, 2, 'b');
    expect(await answers()).toEqual(['a', 'b']);
  });
});
