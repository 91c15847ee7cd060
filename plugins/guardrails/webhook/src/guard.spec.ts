import { aChatRequest, aChatResponse, aGuardrailContext, fakeHost, type Script } from '@turnpike/plugin-testkit';
import type { ChatRequest, GuardrailContext } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

/** Whatever a verdict holds. */
type Json = ReturnType<typeof JSON.parse>;

const SETTINGS = { api_base: 'https://guard.example.org/' };

const call = (json: string) => ({ type: 'tool-call', id: 'c1', name: 'weather', arguments: json }) as const;
const request: ChatRequest = aChatRequest({
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image', data: 'AAAA', mediaType: 'image/png' },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'Wait.' }, call('{"city":"Rome"}')] },
    { role: 'tool', toolCallId: 'c1', content: [{ type: 'text', text: 'Sun.' }] },
  ],
  tools: [
    { type: 'function', name: 'weather', description: 'Tells it', parameters: { type: 'object' } },
    { type: 'native', dialect: 'openai', definition: { type: 'web_search' } },
  ],
});

const ask = async (
  settings: object,
  script: Script,
  moment: 'preCall' | 'postCall' = 'preCall',
  told: Partial<GuardrailContext> = {},
) => {
  const host = fakeHost();
  host.http.answer(script);
  const guard = plugin.init(plugin.config.parse({ ...SETTINGS, ...settings }), host);
  const context = aGuardrailContext({
    callId: 'call-7',
    keyHash: 'hash',
    keyAlias: 'alias',
    teamId: 'team',
    userId: '',
    endUser: 'jane',
    header: (name) => (name === 'x-request-id' ? 'r-1' : undefined),
    ...told,
  });
  const response = aChatResponse({
    choices: [{ index: 0, content: [{ type: 'text', text: 'Sunny.' }, call('{"a":1}')], finishReason: 'stop' }],
  });
  const verdict = await (
    moment === 'preCall' ? guard.preCall!.check(request, context) : guard.postCall!.check(response, request, context)
  ).catch((error: unknown) => error);
  const [sent] = host.http.requests;
  return {
    verdict: verdict as Json,
    host,
    url: sent!.url,
    headers: sent!.headers,
    body: JSON.parse(String(sent!.body)),
  };
};

const none = { body: { action: 'NONE' } };
const rewriting = (more: object): Script => ({ body: { action: 'GUARDRAIL_INTERVENED', ...more } });

describe('the service is told', () => {
  it('of a request', async () => {
    const { url, headers, body } = await ask(
      { api_key: 'k', headers: { 'x-own': '1' }, additional_provider_specific_params: { threshold: 0.8 } },
      none,
    );
    expect(url).toBe('https://guard.example.org/beta/litellm_basic_guardrail_api');
    expect(headers).toEqual({ 'content-type': 'application/json', 'x-api-key': 'k', 'x-own': '1' });
    const tool_call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } };
    expect(body).toEqual({
      texts: ['Be brief.', 'What is it?', 'Wait.', 'Sun.'],
      images: ['AAAA'],
      tool_calls: [tool_call],
      tools: [
        { type: 'function', function: { name: 'weather', description: 'Tells it', parameters: { type: 'object' } } },
      ],
      structured_messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
        { role: 'assistant', content: 'Wait.' },
        { role: 'tool', content: 'Sun.' },
      ],
      request_data: {
        user_api_key_hash: 'hash',
        user_api_key_alias: 'alias',
        user_api_key_user_id: null,
        user_api_key_team_id: 'team',
        user_api_key_team_alias: null,
        user_api_key_org_id: null,
        user_api_key_end_user_id: 'jane',
      },
      additional_provider_specific_params: { threshold: 0.8 },
      input_type: 'request',
      litellm_call_id: 'call-7',
      litellm_trace_id: 'call-7',
    });
  });

  it('of an answer', async () => {
    const { body } = await ask({}, none, 'postCall');
    expect(body).toMatchObject({ input_type: 'response', texts: ['Sunny.'], images: [] });
    expect(body.tool_calls).toHaveLength(1);
    expect(body).not.toHaveProperty('structured_messages');
  });

  it('no more than it may be', async () => {
    const settings = { send_images: false, exclude_payload_fields: ['tools', 'request_data'] };
    const { body } = await ask(settings, none);
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['tools']));
    expect(body).not.toHaveProperty('images');
    expect(body).not.toHaveProperty('request_data');
    expect(JSON.stringify(body)).not.toContain('AAAA');
  });

  it('the headers that it may know, where the client sent them', async () => {
    const { body } = await ask({ extra_headers: ['X-Request-Id', 'x-none'] }, none);
    expect(body.request_headers).toEqual({ 'x-request-id': 'r-1' });
    expect((await ask({}, none)).body).not.toHaveProperty('request_headers');
  });

  it('what the client says to it, and which conversation it belongs to', async () => {
    const settings = { additional_provider_specific_params: { threshold: 0.8, mode: 'a' } };
    const told = { parameters: { threshold: 0.5 }, metadata: { trace_id: 'trace-1' } };
    const { body } = await ask(settings, none, 'preCall', told);
    expect(body.additional_provider_specific_params).toEqual({ threshold: 0.5, mode: 'a' });
    expect(body.litellm_trace_id).toBe('trace-1');
  });

  it('at an address that has the path already', async () => {
    const api_base = 'https://guard.example.org/v2/beta/litellm_basic_guardrail_api';
    expect((await ask({ api_base }, none)).url).toBe(api_base);
  });
});

describe('the service', () => {
  it('rewrites texts, each in its place, and leaves the rest', async () => {
    const { verdict } = await ask({}, rewriting({ texts: ['A', 'B', 'C', 'D'] }));
    expect(verdict.value.messages.map(({ content }: Json) => content[0].text)).toEqual(['A', 'B', 'C', 'D']);
    expect(verdict.value.messages[1].content[1]).toBe(request.messages[1]!.content[1]);
    expect(verdict.value.messages[2].content[1]).toEqual(call('{"city":"Rome"}'));
  });

  it('rewrites the arguments of tool calls', async () => {
    const tool_calls = [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"***"}' } }];
    const { verdict } = await ask({}, rewriting({ tool_calls }));
    expect(verdict.value.messages[2].content).toEqual([{ type: 'text', text: 'Wait.' }, call('{"city":"***"}')]);
  });

  it('gives its reason to the client, or none', async () => {
    const { verdict } = await ask({}, { body: { action: 'BLOCKED', blocked_reason: 'too loud' } });
    expect(verdict).toEqual({ action: 'block', message: 'too loud' });
    expect((await ask({}, { body: { action: 'BLOCKED' } })).verdict.message).toBe('it is not allowed.');
  });
});

describe('a judgement that does not come', () => {
  it.each<[string, Script, boolean]>([
    ['because nobody is there', 'down', true],
    ['because a proxy says so', { status: 503 }, true],
    ['because of a wrong key', { status: 401 }, false],
    ['because the service fails', { status: 500 }, false],
    ['because it is no JSON', { body: '<html>' }, false],
    ['because it has no action', { body: {} }, false],
    ['because its action is unknown', { body: { action: 'ALLOW' } }, false],
    ['because texts are missing', rewriting({ texts: ['A'] }), false],
    ['because texts are none', rewriting({ texts: [1, 2, 3, 4] }), false],
    ['because only images are changed', rewriting({ images: ['BBBB'] }), false],
    ['because calls have no arguments', rewriting({ tool_calls: [{}] }), false],
  ])('is a failure, %s', async (_why, script, isUnreachable) => {
    expect((await ask({}, script)).verdict).toMatchObject({ name: 'ServiceFailure', isUnreachable });
  });
});
