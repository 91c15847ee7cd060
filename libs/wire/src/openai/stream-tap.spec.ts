import { describe, expect, it } from '@jest/globals';
import { OpenAiStreamTap } from './stream-tap.js';
import type { TellCost } from './usage.js';

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: unknown, finish: string | null = null, more = {}): string =>
  event({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }], ...more });
const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const usageOnly = event({ id: 'c', choices: [], usage: USAGE });
const head = chunk({ role: 'assistant', content: '' }, null, { usage: null });
const text = chunk({ content: 'say "usage":{ and "error" and data: [DONE] – ok 🙂' }, null, { usage: null });
const finish = chunk({}, 'stop', { usage: null });
const done = 'data: [DONE]\n\n';

const run = (
  stream: string,
  cuts: number[] = [],
  withholdUsage = true,
  tellCost?: TellCost,
): { out: string; tap: OpenAiStreamTap } => {
  const tap = new OpenAiStreamTap({ withholdUsage, tellCost });
  const bytes = Buffer.from(stream);
  const out: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    out.push(tap.push(bytes.subarray(from, cut)));
    from = cut;
  }
  out.push(tap.end());
  return { out: Buffer.concat(out).toString(), tap };
};

describe('OpenAiStreamTap', () => {
  it('keeps the usage chunk that only we asked for, and every other byte', () => {
    const { out, tap } = run(head + text + finish + usageOnly + done);
    expect(out).toBe(head + text + finish + done);
    expect(tap.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 });
  });

  it('gives the same for every cut of the bytes', () => {
    const stream = head + text + finish + usageOnly + done;
    for (let cut = 1; cut < Buffer.byteLength(stream); cut += 1) {
      expect(run(stream, [cut]).out).toBe(head + text + finish + done);
    }
    const single = Array.from({ length: Buffer.byteLength(stream) - 1 }, (_, index) => index + 1);
    expect(run(stream, single).out).toBe(head + text + finish + done);
  });

  it('understands events that end with CRLF, at every cut', () => {
    const crlf = (head + text + finish + usageOnly + done).replaceAll('\n', '\r\n');
    const expected = (head + text + finish + done).replaceAll('\n', '\r\n');
    for (let cut = 1; cut < Buffer.byteLength(crlf); cut += 1) expect(run(crlf, [cut]).out).toBe(expected);
  });

  it('passes the usage chunk on when the client asked for it', () => {
    expect(run(head + finish + usageOnly + done, [], false).out).toBe(head + finish + usageOnly + done);
  });

  it('passes on usage that stands beside content', () => {
    const last = chunk({ content: 'x' }, 'stop', { usage: USAGE });
    const { out, tap } = run(head + last + done);
    expect(out).toBe(head + last + done);
    expect(tap.usage?.totalTokens).toBe(7);
  });

  it('adds the closing mark that an upstream omits', () => {
    expect(run(head + finish).out).toBe(head + finish + done);
    expect(run((head + finish).trimEnd()).out).toBe(`${head}${finish}${done}`);
  });

  it('leaves out what the end cut off behind a finished answer', () => {
    expect(run(head + finish + usageOnly.slice(0, 30)).out).toBe(head + finish + done);
    expect(run(head + finish + done.slice(0, 8)).out).toBe(head + finish + done);
  });

  it.each([
    ['before the finish', head + text],
    ['inside an event', head + text.slice(0, 40)],
    ['inside the event that finishes it', head + finish.slice(0, -8)],
    ['before anything', ''],
  ])('says that the stream was cut %s', (_, stream) => {
    expect(() => run(stream)).toThrow(expect.objectContaining({ code: 'GW_STREAM_CUT' }));
  });

  it('throws at an error event and sends nothing of it', () => {
    const tap = new OpenAiStreamTap({ withholdUsage: true });
    expect(tap.push(Buffer.from(head)).toString()).toBe(head);
    const error = event({ error: { message: 'Overloaded', type: 'overloaded_error' } });
    expect(() => tap.push(Buffer.from(error))).toThrow(expect.objectContaining({ code: 'GW_UPSTREAM_UNAVAILABLE' }));
  });

  it('has what came before the error in the same bytes', () => {
    const tap = new OpenAiStreamTap({ withholdUsage: true });
    const error = event({ error: { message: 'Overloaded', type: 'overloaded_error' } });
    expect(() => tap.push(Buffer.from(head + text + error + finish))).toThrow('Overloaded');
    expect(tap.leftover().toString()).toBe(head + text);
    expect(tap.leftover()).toHaveLength(0);
  });

  it('estimates what was delivered from the bytes', () => {
    const words = Array.from({ length: 20 }, () => chunk({ content: 'abcdefgh' }, null, { usage: null })).join('');
    const { tap } = run(head + words + finish + done);
    expect(tap.estimateOutputTokens()).toBeGreaterThanOrEqual(20);
    expect(tap.estimateOutputTokens()).toBeLessThan(80);
  });

  describe('where the client reads the cost', () => {
    const tellCost: TellCost = ({ totalTokens }) => `0.00000${totalTokens}`;
    const stream = head + text + finish + usageOnly + done;
    const expected = stream.replace('"usage":{"prompt', '"usage":{"cost":0.000007,"prompt');

    it('says it in the usage, and changes no other byte, at every cut', () => {
      for (let cut = 1; cut < Buffer.byteLength(stream); cut += 1)
        expect(run(stream, [cut], false, tellCost).out).toBe(expected);
    });

    it('says it in usage that stands beside content', () => {
      const last = chunk({ content: 'x' }, 'stop', { usage: USAGE });
      const { out } = run(head + last + done, [], true, tellCost);
      expect(JSON.parse(out.slice(head.length + 6).split('\n')[0]!).usage).toEqual({ cost: 0.000007, ...USAGE });
    });

    it('says nothing in usage that the client did not ask for', () => {
      expect(run(stream, [], true, tellCost).out).toBe(head + text + finish + done);
    });

    it('leaves an upstream its own word, and says nothing that is not known', () => {
      const own = event({ id: 'c', choices: [], usage: { ...USAGE, cost: 5 } });
      expect(run(head + finish + own + done, [], false, tellCost).out).toBe(head + finish + own + done);
      expect(run(stream, [], false, () => undefined).out).toBe(stream);
    });
  });
});
