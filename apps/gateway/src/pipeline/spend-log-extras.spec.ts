import { ENTRY_LIMITS, type JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { aFront, anAttempt, anExchange, aSelection, someSnapshot } from '../../test/doubles.js';
import { aWholeAnswer } from '../../test/road.js';
import type { ActiveGuardrail, Selection } from '../guarding/selection.js';
import { Recording } from '../upstream/recording.js';
import type { Exchange } from './exchange.js';
import { keptMetadata, keptPrompts } from './spend-log-extras.js';

describe('what a caller wants kept', () => {
  const HEADER = 'x-litellm-spend-logs-metadata';
  const kept = (body: JsonObject, headers: Record<string, string> = {}, ofKey?: JsonObject) => {
    const principal = { terms: { spendLogsMetadata: ofKey } } as unknown as Exchange['principal'];
    return keptMetadata(anExchange({ body, principal }, { headers }));
  };
  const inBody = (value: unknown): JsonObject => ({ metadata: { spend_logs_metadata: value } }) as JsonObject;

  it.each<[string, JsonObject, Record<string, string>, JsonObject | undefined, JsonObject | undefined]>([
    ['nothing', {}, {}, undefined, undefined],
    ['what its key says', {}, {}, { a: 1 }, { a: 1 }],
    ['what its metadata says', inBody({ a: 1 }), {}, undefined, { a: 1 }],
    ['what metadata of ours says', { litellm_metadata: { spend_logs_metadata: { a: 1 } } }, {}, undefined, { a: 1 }],
    ['what its header says', {}, { [HEADER]: '{"a":1}' }, undefined, { a: 1 }],
    [
      'all of it, the request’s word first',
      inBody({ b: 2 }),
      { [HEADER]: '{"b":1,"c":3}' },
      { a: 1, b: 0 },
      { a: 1, b: 2, c: 3 },
    ],
    ['no header that is no object', {}, { [HEADER]: 'a=1' }, { a: 1 }, { a: 1 }],
    ['no text', inBody('x'), {}, { a: 1 }, { a: 1 }],
    ['no more than fits', inBody({ x: 'x'.repeat(ENTRY_LIMITS.metadata) }), {}, { a: 1 }, { a: 1 }],
  ])('is %s', (_what, body, headers, ofKey, expected) => expect(kept(body, headers, ofKey)).toEqual(expected));
});

describe('what was asked and answered', () => {
  const messages = [{ role: 'user', content: 'secret' }];
  const front = aFront({ join: (chunks) => chunks, fromDomain: (chunks) => ({ joined: chunks as string[] }) });
  const aCall = (filled: Partial<Exchange>, logging: object = { storesPrompts: true }): Exchange => {
    const snapshot = someSnapshot() as { config: object };
    return anExchange({ body: { messages }, ...filled }, { front, snapshot: { ...snapshot, config: { logging } } });
  };

  it('is kept where operators want that, and only there', () => {
    const answer = aWholeAnswer('{"id":"x"}');
    expect(keptPrompts(aCall({ answer }))).toEqual({ request: messages, response: { id: 'x' } });
    expect(keptPrompts(aCall({ answer }, {}))).toBeUndefined();
    expect(keptPrompts(aCall({ answer }, { storesPrompts: true, turnOffMessageLogging: true }))).toBeUndefined();
  });

  it.each<[string, JsonObject, unknown]>([
    ['a prompt', { prompt: 'p' }, 'p'],
    ['an input', { input: ['a', 'b'] }, ['a', 'b']],
    ['nothing', {}, undefined],
  ])('may be %s', (_what, body, request) => expect(keptPrompts(aCall({ body }))?.request).toEqual(request));

  it('is what guardrails made of it', () => {
    const request = { messages: [{ role: 'user', content: '***' }] };
    expect(keptPrompts(aCall({ isRewritten: true, request }))?.request).toEqual(request.messages);
  });

  it('is nothing of a call that guardrails look at for logs, or might have', () => {
    const guardrails: Selection = { ...aSelection(), logging: [{} as ActiveGuardrail] };
    expect(keptPrompts(aCall({ guardrails }))).toBeUndefined();
    const snapshot = {
      ...someSnapshot(),
      guardrails: { haveLogs: true },
      config: { logging: { storesPrompts: true } },
    };
    const early = (filled: Partial<Exchange>) => anExchange({ body: { messages }, ...filled }, { front, snapshot });
    expect(keptPrompts(early({}))).toBeUndefined();
    expect(keptPrompts(early({ guardrails: aSelection() }))?.request).toEqual(messages);
  });

  it('is what a stream said', () => {
    const exchange = aCall({ answer: { kind: 'stream' } as Exchange['answer'] });
    const recording = new Recording();
    recording.hear({ type: 'text-delta', choice: 0, text: 'a' });
    anAttempt(exchange, { recording });
    expect(keptPrompts(exchange)?.response).toEqual({ joined: [{ type: 'text-delta', choice: 0, text: 'a' }] });
  });

  it('is no more than fits: the beginning of the rest', () => {
    const content = 'x'.repeat(2 * ENTRY_LIMITS.prompt);
    const kept = keptPrompts(
      aCall({ body: { messages: [{ role: 'user', content }] }, answer: aWholeAnswer(`"${content}"`) }),
    );
    expect(kept?.request).toMatch(/^\[\{"role":"user","content":"x+…$/);
    for (const part of [kept?.request, kept?.response]) expect(String(part)).toHaveLength(ENTRY_LIMITS.prompt);
  });

  it('is nothing of an answer that cannot be read', () => {
    expect(keptPrompts(aCall({ answer: aWholeAnswer('<html>') }))).toEqual({ request: messages, response: undefined });
  });
});
