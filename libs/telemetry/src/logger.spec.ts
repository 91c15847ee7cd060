import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger, type LoggerOptions } from './logger.js';
import { forgetSecrets, registerSecret } from './redact.js';

afterEach(forgetSecrets);

const aLog = (options: LoggerOptions = {}) => {
  const lines: string[] = [];
  const log = createLogger({ json: true, destination: { write: (line) => lines.push(line) }, ...options });
  return { log, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
};

describe('createLogger', () => {
  it('writes one JSON line with level, time, message and fields', () => {
    const { log, lines, entries } = aLog();
    log.warn('slow answer', { ms: 900, tags: ['a'] });
    expect(lines[0]).toMatch(/\n$/);
    expect(entries()).toEqual([
      { level: 'warn', time: expect.stringMatching(/^\d{4}-.*Z$/), message: 'slow answer', ms: 900, tags: ['a'] },
    ]);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('at level %s writes %p', (level, written) => {
    for (const json of [true, false]) {
      const { log, lines } = aLog({ level, json });
      const levels = ['debug', 'info', 'warn', 'error'] as const;
      for (const at of levels) log[at]('x');
      expect(lines).toHaveLength(written.length);
      expect(levels.filter((at) => log.isEnabled(at))).toEqual(written);
    }
  });

  it('gives children that add their fields, which a line may override', () => {
    const { log, entries } = aLog();
    log.child({ plugin: 'provider.acme', callId: 'c1' }).child({ attempt: 1 }).info('x', { callId: 'c2' });
    expect(entries()[0]).toMatchObject({ plugin: 'provider.acme', callId: 'c2', attempt: 1 });
  });

  it('masks message, fields, inherited fields and errors, in both forms', () => {
    for (const json of [true, false]) {
      const { log, lines } = aLog({ json });
      const child = log.child({ owner: 'hunter2hunter2', password: 'p' });
      registerSecret('hunter2hunter2');
      child.error('failed with hunter2hunter2', {
        error: new Error('hunter2hunter2', { cause: new Error('Bearer abcdef123') }),
        headers: { authorization: 'Basic dXNlcjpwYXNz' },
        hunter2hunter2: 1,
      });
      expect(lines.join('')).not.toMatch(/hunter2|abcdef123|dXNlcj|"p"|=p\b/);
      expect(lines.join('')).toContain('***');
    }
  });

  it('keeps a field from taking the place of level, time or message', () => {
    const { log, entries } = aLog();
    log.info('real', { message: 'false', level: 'false', time: 'false' });
    expect(entries()[0]).toMatchObject({
      level: 'info',
      message: 'real',
      message_: 'false',
      level_: 'false',
      time_: 'false',
    });
  });

  it('never throws, whatever is logged and whatever the destination does', async () => {
    const destination = {
      write: () => {
        throw new Error('disk full');
      },
      flush: () => {
        throw new Error('closed');
      },
    };
    for (const json of [true, false]) {
      const { log } = aLog({ json, destination });
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      expect(() => log.info(undefined as unknown as string, { cycle, big: 1n, symbol: Symbol('s') })).not.toThrow();
      await expect(log.flush()).resolves.toBeUndefined();
    }
  });

  it('flushes its destination', async () => {
    const flush = jest.fn(() => Promise.resolve());
    await aLog({ destination: { write: () => true, flush } }).log.flush();
    expect(flush).toHaveBeenCalledTimes(1);
  });

  it.each([
    [true, /^\d\d:\d\d:\d\d/],
    [false, /^\{"level":"info"/],
  ])('chooses its form by whether standard output is a terminal (%p)', (isTerminal, form) => {
    const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
    Object.defineProperty(process.stdout, 'isTTY', { value: isTerminal, configurable: true });
    try {
      const { log, lines } = aLog({ json: undefined });
      log.info('x');
      expect(stripVTControlCharacters(lines[0]!)).toMatch(form);
    } finally {
      if (before) Object.defineProperty(process.stdout, 'isTTY', before);
      else Reflect.deleteProperty(process.stdout, 'isTTY');
    }
  });

  it('has written everything to standard output when the process exits', async () => {
    const entry = fileURLToPath(new URL('../dist/logger.js', import.meta.url));
    const script = `
      const { createLogger } = await import(${JSON.stringify(entry)});
      const log = createLogger();
      for (let line = 0; line < 2_000; line += 1) log.info('line', { line });
      process.exit(0);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const numbers = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { line: number }).line);
    expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, line) => line));
  });
});
