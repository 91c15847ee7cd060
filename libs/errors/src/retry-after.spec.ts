import { describe, expect, it } from '@jest/globals';
import { readRetryAfterMs } from './retry-after.js';
import type { UpstreamFailure } from './upstream.js';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const wait = (failure: Partial<UpstreamFailure>): number | undefined =>
  readRetryAfterMs({ status: 429, headers: {}, body: '', ...failure }, NOW);

describe('the wait that an upstream asks for', () => {
  it.each<[Record<string, string | string[]>, number | undefined]>([
    [{ 'retry-after-ms': '1500' }, 1_500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9_000],
    [{ 'retry-after': '20' }, 20_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': ['7', '9'] }, 7_000],
    [{ 'retry-after': 'Thu, 15 Jan 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Thursday, 15-Jan-26 12:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Thu, 15 Jan 2026 11:00:00 GMT' }, undefined],
    [{ 'retry-after': '34s' }, 34_000],
    [{ 'retry-after': '1m30s' }, 90_000],
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': 'later' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': '99999999999' }, 86_400_000],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }, 360_000],
    [
      {
        'x-ratelimit-remaining-requests': '5',
        'x-ratelimit-reset-requests': '6m0s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '120ms',
      },
      120,
    ],
    [{ 'x-ratelimit-remaining-requests': '0' }, undefined],
    [{}, undefined],
  ])('is read from %j', (headers, expected) => expect(wait({ headers })).toBe(expected));

  it.each<[string, number | undefined]>([
    ['Please try again in 20s.', 20_000],
    ['Please try again in 1.5s. Visit our site.', 1_500],
    ['Please try again in 340ms.', 340],
    ['Please try again in 6m0s.', 360_000],
    ['Please try again in 1h2m3s.', 3_723_000],
    ['please retry in 34.07s', 34_070],
    ['Please retry after 26 seconds.', 26_000],
    ['Try again in 2 minutes and more', 120_000],
    ['retry in 1.2.3s', undefined],
    ['try again in a while', undefined],
    ['Wait 20s', undefined],
  ])('is read from the text %j', (text, expected) => {
    expect(wait({ body: JSON.stringify({ error: { message: text } }) })).toBe(expected);
  });

  it("is read from Google's RetryInfo, whatever the status", () => {
    const body = '{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}';
    expect(wait({ body, status: 503 })).toBe(34_500);
    expect(wait({ body, headers: { 'retry-after': '2' } })).toBe(2_000);
  });

  it('is not read from the texts of other failures: they may quote a prompt', () => {
    expect(wait({ status: 400, body: 'try again in 20s' })).toBeUndefined();
    const headers = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' };
    expect(wait({ status: 500, headers })).toBeUndefined();
  });

  it.each<[string, string]>([
    ['digits', `try again in ${'1'.repeat(1_000_000)}`],
    ['spaces', `try again in 1${' '.repeat(1_000_000)}`],
    ['durations', `try again in ${'1s '.repeat(300_000)}x`],
    ['beginnings', 'try again in 1'.repeat(70_000)],
    ['delays', '"retryDelay": "1'.repeat(60_000)],
  ])('is looked for in a megabyte of %s at once', (_title, body) => {
    const startedAt = performance.now();
    wait({ body });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
