import type { JsonObject } from '@turnpike/domain';
import { changeRequestTexts, changeResponseTexts, type GuardrailV1 } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { anExchange, anInstance, aSelection } from '../../test/doubles.js';
import type { Exchange } from '../pipeline/exchange.js';
import { chatFront } from '../routes/openai.js';
import { Guardrails } from './guardrails.js';
import { loggedView, type SaidInCall } from './logged-view.js';
import type { ActiveGuardrail } from './selection.js';

const hide = (text: string): string => text.replaceAll('secret', '***');
const hiding: GuardrailV1 = {
  preCall: {
    check: async (request) => {
      const value = changeRequestTexts(request, hide);
      return value === request ? { action: 'pass' } : { action: 'replace', value };
    },
  },
  postCall: {
    check: async (response) => {
      const value = changeResponseTexts(response, hide);
      return value === response ? { action: 'pass' } : { action: 'replace', value };
    },
  },
};
const blocking: GuardrailV1 = { preCall: { check: async () => ({ action: 'block', message: 'no' }) } };
const failing: GuardrailV1 = { postCall: { check: () => Promise.reject(new Error('broken')) } };

const guardrails = new Guardrails({ guardrails: [], deployments: [] }, { get: () => undefined } as never, {
  log: { error: () => undefined },
});

const active = (exports: GuardrailV1): ActiveGuardrail => ({
  settings: { name: 'g' } as ActiveGuardrail['settings'],
  instance: anInstance<'guardrail/v1'>('guardrail.x', exports, 'closed'),
});

const call = (body: JsonObject, ...logging: GuardrailV1[]): Exchange =>
  anExchange({ body, guardrails: { ...aSelection(), logging: logging.map(active) } }, { front: chatFront });

const asking = (content: string, more: JsonObject = {}): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content }],
  ...more,
});
const answering = (content: string): JsonObject => ({
  id: 'i',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
});
const shown = async (said: SaidInCall, ...logging: GuardrailV1[]): Promise<SaidInCall> =>
  loggedView(guardrails, call(said.request ?? {}, ...logging), said);

describe('what is told of a call', () => {
  it('is all of it, at once, where nobody looks', () => {
    const said = { request: asking('a secret') };
    expect(loggedView(guardrails, call({}), said)).toBe(said);
    expect(loggedView(guardrails, anExchange({}), said)).toBe(said);
  });

  it('is what guardrails leave of its request and its answer, and else as it was', async () => {
    const request = asking('a secret', { temperature: 0.5, tools: [], metadata: { a: 1 } });
    expect(await shown({ request, response: answering('the secret is out') }, hiding)).toEqual({
      request: { ...request, messages: [{ role: 'user', content: 'a ***' }] },
      response: answering('the *** is out'),
    });
  });

  it('is the very same where they have nothing to say', async () => {
    const said = { request: asking('Hello'), response: answering('Hi') };
    const told = await shown(said, hiding);
    expect([told.request, told.response]).toEqual([said.request, said.response]);
    expect(told.request).toBe(said.request);
    expect(told.response).toBe(said.response);
  });

  it('is what the provider was told, where the client put a body over its body', async () => {
    const extra_body = { messages: [{ role: 'user', content: 'a secret' }], x: 1 };
    const told = await shown({ request: asking('Hello', { extra_body }) }, hiding);
    expect(told.request).toMatchObject({ messages: [{ content: 'a ***' }], extra_body: { x: 1 } });
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it.each<[string, SaidInCall, GuardrailV1]>([
    ['they block', { request: asking('a secret') }, blocking],
    ['they fail to judge', { response: answering('a secret') }, failing],
    ['cannot be read', { request: { model: 'm', messages: 'a secret' } }, hiding],
    ['is no answer', { response: { error: 'a secret' } }, hiding],
  ])('is nothing of what %s', async (_what, said, guardrail) => {
    expect(await shown(said, guardrail)).toEqual({});
  });
});
