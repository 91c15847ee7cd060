import {
  aChatRequest,
  aChatRequestSaying,
  aChatResponse,
  aChatResponseSaying,
  aGuardrailContext,
  fakeHost,
} from '@turnpike/plugin-testkit';
import type { AnswerStreamV1, ChatRequest, ChatResponse, GuardrailContext } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

/** Whatever a verdict holds. */
type Json = ReturnType<typeof JSON.parse>;

const open = (config: object = {}, host = fakeHost()) => {
  const guard = plugin.init(plugin.config.parse(config), host);
  const calls = new Map<string, GuardrailContext>();
  const contextOf = (callId: string): GuardrailContext => {
    const context = calls.get(callId) ?? aGuardrailContext({ callId });
    calls.set(callId, context);
    return context;
  };
  return {
    host,
    before: (request: ChatRequest | string, callId = 'a'): Promise<Json> =>
      guard.preCall!.check(typeof request === 'string' ? aChatRequestSaying(request) : request, contextOf(callId)),
    after: (response: ChatResponse | string, callId = 'a'): Promise<Json> =>
      guard.postCall!.check(
        typeof response === 'string' ? aChatResponseSaying(response) : response,
        aChatRequest(),
        contextOf(callId),
      ),
    along: (callId = 'a') => guard.postCall!.stream!(aChatRequest(), contextOf(callId)),
  };
};

const replaced = (text: string) => expect.objectContaining({ action: 'replace', value: aChatResponseSaying(text) });
const masked = (text: string) => expect.objectContaining({ action: 'replace', value: aChatRequestSaying(text) });

describe('what was hidden before the call', () => {
  it('is the same word for the same thing, another for another, and is put back', async () => {
    const { before, after } = open();
    expect(await before('jane@a.org writes to joe@a.org; jane@a.org has 4111111111111111')).toEqual(
      masked('<EMAIL_1> writes to <EMAIL_2>; <EMAIL_1> has <CREDIT_CARD_1>'),
    );
    expect(await after('Dear <EMAIL_2>, <email_1> has <CREDIT_CARD_1>, not <PHONE_1>')).toEqual(
      replaced('Dear joe@a.org, jane@a.org has 4111111111111111, not <PHONE_1>'),
    );
  });

  it('is put back into the answer of its own call', async () => {
    const { before, after } = open();
    await before('jane@a.org', 'a');
    await before('joe@a.org', 'b');
    expect(await after('<EMAIL_1>', 'b')).toEqual(replaced('joe@a.org'));
    expect(await after('<EMAIL_1>', 'a')).toEqual(replaced('jane@a.org'));
    expect(await after('<EMAIL_1>', 'never seen')).toEqual({ action: 'pass' });
  });

  it('does not take the place of what looks like it and came from the client', async () => {
    const { before, after } = open();
    expect(await before('<EMAIL_1> is not jane@a.org')).toEqual(masked('<EMAIL_1> is not <EMAIL_2>'));
    expect(await after('<EMAIL_1>, <EMAIL_2>')).toEqual(replaced('<EMAIL_1>, jane@a.org'));
  });

  it('is put back into the arguments of tool calls, which stay JSON', async () => {
    const call = (json: string) => ({ type: 'tool-call', id: '1', name: 'f', arguments: json }) as const;
    const { before, after } = open();
    const asked = aChatRequest({
      messages: [{ role: 'assistant', content: [call(`{"to": "o'neil@a.org", "card": 4111111111111111}`)] }],
    });
    const hidden = await before(asked);
    expect(hidden.value.messages[0].content[0].arguments).toBe('{"to": "<EMAIL_1>", "card": "<CREDIT_CARD_1>"}');
    const answer = aChatResponse({
      choices: [{ index: 0, content: [call('{"to":"<EMAIL_1>","n":1.0}')], finishReason: 'tool-calls' }],
    });
    expect((await after(answer)).value.choices[0].content[0].arguments).toBe(`{"to":"o'neil@a.org","n":1.0}`);
  });

  it('stays hidden in reasoning, which its provider signed', async () => {
    const { before, after } = open();
    await before('jane@a.org');
    const content = [{ type: 'reasoning', text: 'It is <EMAIL_1>', signature: 's' }] as const;
    expect(
      await after(aChatResponse({ choices: [{ index: 0, content: [...content], finishReason: 'stop' }] })),
    ).toEqual({
      action: 'pass',
    });
  });

  it('is not kept when it is not to be put back', async () => {
    const { before, after } = open({ restore: false });
    await before('jane@a.org');
    expect(await after('<EMAIL_1>')).toEqual({ action: 'pass' });
  });

  it('is counted by its kind', async () => {
    const { before, after } = open();
    expect((await before('jane@a.org, joe@a.org, jane@a.org, 4111111111111111')).masked).toEqual({
      EMAIL: 3,
      CREDIT_CARD: 1,
    });
    expect((await after('<EMAIL_1> or mary@b.org')).masked).toEqual({ EMAIL: 1 });
  });

  it('is never told to the log', async () => {
    const { before, host } = open();
    await before('jane@a.org');
    expect(host.logs).toHaveLength(1);
    expect(JSON.stringify(host.logs)).not.toContain('jane');
  });
});

describe('what the model brings up itself', () => {
  it('is hidden for good', async () => {
    const { before, after } = open();
    await before('jane@a.org');
    expect(await after('<EMAIL_1> or joe@b.org')).toEqual(replaced('jane@a.org or <EMAIL>'));
  });

  it('is not what the client told: an answer out of the cache holds that already', async () => {
    const { before, after } = open();
    await before('jane@a.org');
    expect(await after('jane@a.org, or joe@b.org')).toEqual(replaced('jane@a.org, or <EMAIL>'));
  });

  it('is left when it is to be left', async () => {
    const { before, after } = open({ answers: 'leave' });
    await before('jane@a.org');
    expect(await after('<EMAIL_1> or joe@b.org')).toEqual(replaced('jane@a.org or joe@b.org'));
  });
});

describe('a stream', () => {
  it('needs nobody where nothing was hidden and nothing is to be', async () => {
    const { before, along } = open({ answers: 'leave' });
    await before('Hello');
    expect(along()).toBe('pass');
    await before('jane@a.org');
    expect(along()).not.toBe('pass');
  });

  it('is told of once for each kind, and counted', async () => {
    const { along, host } = open();
    const stream = along() as AnswerStreamV1;
    for (const text of ['jane@a.org and ', 'joe@a.org, ', '8.8.8.8 is'])
      stream.push({ type: 'text-delta', choice: 0, text });
    expect(host.logs.map(({ fields }) => fields)).toEqual([{ kinds: 'EMAIL' }, { kinds: 'IP_ADDRESS' }]);
    expect(stream.masked).toEqual({ EMAIL: 2, IP_ADDRESS: 1 });
  });
});

describe('each kind', () => {
  const config = { entities: { EMAIL: 'log', CREDIT_CARD: 'block', PHONE: 'mask' } };

  it('is treated as it is told to be', async () => {
    const { before } = open(config);
    expect(await before('jane@a.org')).toEqual({ action: 'pass' });
    expect(await before('+44 20 7946 0958')).toEqual(masked('<PHONE_1>'));
    expect(await before('4111111111111111')).toMatchObject({
      action: 'block',
      message: expect.stringContaining('(CREDIT_CARD)'),
    });
    expect(await before('8.8.8.8')).toEqual({ action: 'pass' });
  });

  it('also in an answer', async () => {
    const { after } = open(config);
    expect((await after('4111111111111111')).action).toBe('block');
    expect(await after('call +44 20 7946 0958')).toEqual(replaced('call <PHONE>'));
  });
});
