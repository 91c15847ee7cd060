import { aChatRequest, aChatRequestSaying, aChatResponse, aGuardrailContext, fakeHost } from '@turnpike/plugin-testkit';
import type { ChatRequest, JsonObject } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

/** Whatever a verdict holds. */
type Json = ReturnType<typeof JSON.parse>;

const open = (config: JsonObject, host = fakeHost()) => plugin.init(plugin.config.parse(config), host);
const ask = (config: JsonObject, request: ChatRequest | string) =>
  open(config).preCall!.check(typeof request === 'string' ? aChatRequestSaying(request) : request, aGuardrailContext());
const textOf = (verdict: unknown) => (verdict as Json).value.messages.at(-1).content.at(-1).text;

describe("LiteLLM's content filter", () => {
  const config = {
    patterns: [
      { pattern_type: 'prebuilt', pattern_name: 'us_ssn', action: 'BLOCK' },
      { pattern_type: 'regex', pattern: String.raw`\bEMP-\d+\b`, name: 'employee id', action: 'MASK' },
    ],
    blocked_words: [
      { keyword: 'confidential', action: 'BLOCK', description: 'internal only' },
      { keyword: 'codename', action: 'MASK' },
    ],
  };

  it.each([
    ['my number is 123-45-6789', "the rule 'us_ssn' does not allow this."],
    ['this is Confidential', "the rule 'keyword confidential' does not allow this (internal only)."],
  ])('blocks: %s', async (text, message) =>
    expect(await ask(config, text)).toMatchObject({ action: 'block', message }),
  );

  it('masks, with its own words', async () => {
    expect(textOf(await ask(config, 'emp-77 has the codename x'))).toBe(
      '[EMPLOYEE_ID_REDACTED] has the [KEYWORD_REDACTED] x',
    );
    const own = { ...config, pattern_redaction_format: '<{pattern_name}>', keyword_redaction_tag: '#' };
    expect(textOf(await ask(own, 'EMP-77 has the codename x'))).toBe('<EMPLOYEE_ID> has the # x');
  });

  it.each([
    ['email', 'jane@example.com'],
    ['visa', '4111 1111 1111 1111'],
    ['mastercard', '5555555555554444'],
    ['amex', '378282246310005'],
    ['ipv4', '192.168.1.17'],
    ['us_phone', '(212) 555-0100'],
    ['iban', 'DE89 3704 0044 0532 0130 00'],
    ['aws_access_key', 'AKIAIOSFODNN7EXAMPLE'],
    ['github_token', `ghp_${'a1B2'.repeat(9)}`],
    ['slack_token', 'xoxb-123456789012-abc'],
  ])('knows %s by name', async (pattern_name, text) => {
    const patterns = [{ pattern_type: 'prebuilt', pattern_name, action: 'BLOCK' }];
    expect((await ask({ patterns }, `see ${text}.`)).action).toBe('block');
    expect((await ask({ patterns }, 'version 1.2, 12 apples at 4:30')).action).toBe('pass');
  });

  it('and its list of banned words', async () => {
    const config = { banned_keywords_list: ['badword', 'worse'] };
    expect((await ask(config, 'that is worse')).action).toBe('block');
  });
});

describe('a rule', () => {
  const rule = (more: JsonObject): JsonObject => ({ rules: [{ name: 'r', keywords: ['dragon'], ...more }] });
  const answer = aChatResponse({
    choices: [{ index: 0, content: [{ type: 'text', text: 'dragon' }], finishReason: 'stop' }],
  });

  it.each([
    ['request', 'block', 'pass'],
    ['answer', 'pass', 'block'],
    ['both', 'block', 'block'],
  ])('for %s looks there', async (where, before, after) => {
    const guard = open(rule({ where }));
    expect((await guard.preCall!.check(aChatRequestSaying('dragon'), aGuardrailContext())).action).toBe(before);
    expect((await guard.postCall!.check(answer, aChatRequest(), aGuardrailContext())).action).toBe(after);
  });

  it('that only logs lets pass, and does not log what it found', async () => {
    const host = fakeHost();
    const guard = open(rule({ action: 'log' }), host);
    expect(await guard.preCall!.check(aChatRequestSaying('a dragon'), aGuardrailContext())).toEqual({ action: 'pass' });
    expect(host.logs).toEqual([
      { level: 'warn', message: 'a rule found something', fields: { rule: 'r', action: 'log' } },
    ]);
    expect(host.counts).toEqual({ found_log: 1 });
  });

  it('puts its replacement in as it is written', async () => {
    expect(textOf(await ask(rule({ action: 'mask', replacement: '$& $1' }), 'a dragon'))).toBe('a $& $1');
  });

  it('leaves nothing of what two rules found together', async () => {
    const rules = [
      { name: 'a', pattern: 'abc', action: 'mask' },
      { name: 'b', pattern: 'cde', action: 'mask' },
    ];
    expect(textOf(await ask({ rules }, 'xabcdex'))).toBe('x[A_REDACTED]x');
  });

  it('masks the arguments of tool calls and leaves them JSON', async () => {
    const call = { type: 'tool-call', id: '1', name: 'f', arguments: '{"a": "the \\"dragon\\"", "n": 1.0}' } as const;
    const request = aChatRequest({ messages: [{ role: 'assistant', content: [call] }] });
    const verdict = await ask(rule({ action: 'mask', replacement: 'a "\\' }), request);
    expect((verdict as Json).value.messages[0].content[0].arguments).toBe('{"a": "the \\"a \\"\\\\\\"", "n": 1.0}');
  });

  it.each(['system', 'user', 'assistant', 'tool'])('looks at what the %s says', async (role) => {
    const content = [{ type: 'text', text: 'dragon' }];
    const messages = [{ role, content, toolCallId: '1' }] as unknown as ChatRequest['messages'];
    expect((await ask(rule({}), aChatRequest({ messages }))).action).toBe('block');
  });

  it('sees through zero-width characters, and still finds them when they are what is sought', async () => {
    expect((await ask({ rules: [{ name: 'r', pattern: 'dragon' }] }, 'dra\u200bgon')).action).toBe('block');
    expect((await ask({ rules: [{ name: 'r', pattern: '\u200b' }] }, 'dra\u200bgon')).action).toBe('block');
  });
});

describe('a hostile text', () => {
  const mebibyte = 1024 * 1024;

  it.each([
    ['(a+)+$', `${'a'.repeat(10 * mebibyte)}b`],
    ['(a|a)*b', 'a'.repeat(10 * mebibyte)],
    [String.raw`([a-z]+)+@example\.org`, 'a'.repeat(10 * mebibyte)],
    [String.raw`(.*)(.*)(.*)(.*)x=y`, 'x'.repeat(mebibyte)],
  ])('takes no long time: %s', async (pattern, text) => {
    const startedAt = process.cpuUsage();
    expect((await ask({ rules: [{ name: 'r', pattern }] }, text)).action).toBe('pass');
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(4_000);
  });

  it('that needs the rest of the text for every match is refused in time', async () => {
    const rules = [{ name: 'r', pattern: 'a.*b|a', action: 'mask' }];
    await expect(ask({ rules }, 'a'.repeat(mebibyte))).rejects.toThrow('longer than 3000 ms');
  }, 20_000);

  it('does not keep others from their turn', async () => {
    const rules = Array.from({ length: 12 }, (_, index) => ({ name: `r${index}`, pattern: `(?i)x${index}|y${index}` }));
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await ask({ rules }, 'lorem ipsum '.repeat(200_000));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

it('a text full of what is forbidden is stopped at the first of it', async () => {
  const startedAt = process.cpuUsage();
  expect((await ask({ banned_keywords_list: ['dragon'] }, 'dragon '.repeat(2_000_000))).action).toBe('block');
  expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(1_500);
});
