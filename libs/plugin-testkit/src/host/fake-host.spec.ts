import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { FakeClock, START_OF_TIME } from './fake-clock.js';
import { fakeHost, seededRandom } from './fake-host.js';

describe('the fake clock', () => {
  it('stands still', () => {
    expect(new FakeClock().now()).toBe(START_OF_TIME);
    expect(new Date(START_OF_TIME).toISOString()).toBe('2026-01-15T12:00:00.000Z');
  });

  it('runs timers in the order in which they fall due, at their own time', () => {
    const clock = new FakeClock(0);
    const ran: string[] = [];
    clock.after(30, () => ran.push(`late at ${clock.now()}`));
    clock.after(10, () => clock.after(5, () => ran.push(`nested at ${clock.now()}`)));
    const cancel = clock.after(20, () => ran.push('cancelled'));
    cancel();
    clock.advance(29);
    expect(ran).toEqual(['nested at 15']);
    clock.advance(1);
    expect(ran).toEqual(['nested at 15', 'late at 30']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('repeats until it is cancelled', () => {
    const clock = new FakeClock(0);
    let count = 0;
    const cancel = clock.every(10, () => (count += 1));
    clock.advance(35);
    cancel();
    clock.advance(100);
    expect(count).toBe(3);
    expect(() => clock.every(0, () => {})).toThrow(RangeError);
  });
});

describe('the fake host', () => {
  it('remembers logs, metrics and state', () => {
    const host = fakeHost();
    host.log.warn('slow', { ms: 5 });
    host.metrics.count('calls');
    host.metrics.count('calls', 2);
    host.metrics.gauge('open', 4);
    host.state.set('key', { a: 1 });
    expect(host.logs).toEqual([{ level: 'warn', message: 'slow', fields: { ms: 5 } }]);
    expect([host.counts, host.gauges, host.state.get('key')]).toEqual([{ calls: 3 }, { open: 4 }, { a: 1 }]);
  });

  it('gives the same random numbers for the same seed, within [0, 1)', () => {
    const draw = (seed: number) => Array.from({ length: 1_000 }, seededRandom(seed));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(draw(3).every((number) => number >= 0 && number < 1)).toBe(true);
    expect(draw(3).reduce((sum, number) => sum + number, 0) / 1_000).toBeCloseTo(0.5, 1);
  });

  it('makes its directory when it is first asked for, and removes it', () => {
    const host = fakeHost();
    expect(host.madeDataDir).toBeUndefined();
    const folder = host.dataDir();
    expect(host.dataDir()).toBe(folder);
    expect(existsSync(folder)).toBe(true);
    host.dispose();
    expect(existsSync(folder)).toBe(false);
  });

  it('knows the models it was told of', () => {
    const facts = { maxInputTokens: 8_000, capabilities: new Set(['tools']) };
    const { models } = fakeHost({ models: { 'sample/tiny': facts } });
    expect(models.facts('sample', 'tiny')).toBe(facts);
    expect(models.facts('sample', 'other')).toBeUndefined();
  });
});

describe('the fake HTTP client', () => {
  const request = { url: 'https://a.b/c' };

  it('gives its answers in order, then falls back', async () => {
    const { http } = fakeHost();
    http.answer({ body: { ok: true } }, ({ url }) => ({ status: 404, body: url }));
    const [first, second, third] = [
      await http.request(request),
      await http.request(request),
      await http.request(request),
    ];
    expect(JSON.parse(Buffer.from(first.body).toString())).toEqual({ ok: true });
    expect([second.status, Buffer.from(second.body).toString()]).toEqual([404, 'https://a.b/c']);
    expect(third.status).toBe(503);
    expect(http.requests).toHaveLength(3);
  });

  it('refuses connections when it is down', async () => {
    const { http } = fakeHost();
    http.fallback = 'down';
    await expect(http.request(request)).rejects.toThrow('ECONNREFUSED');
  });

  it('minds signal and time while it hangs', async () => {
    const { http } = fakeHost();
    http.fallback = 'hang';
    await expect(http.request({ ...request, timeoutMs: 5 })).rejects.toThrow('timed out');
    await expect(http.request({ ...request, signal: AbortSignal.timeout(5) })).rejects.toThrow('timeout');
    await expect(http.request({ ...request, signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
  });
});
