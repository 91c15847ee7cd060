// What the SDK makes of a told call for tracers: here, where there are calls to tell of.
import { genAiSpans, inputMessages, outputMessages, traceParentOf, type JsonObject } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { aBareCallFinished, aCallFailed, aCallFinished } from './call-events.js';

const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

describe('a call as spans', () => {
  it('has one of its own with everything that is known', () => {
    const [root] = genAiSpans(aCallFinished({ sessionId: 's' }), { withContent: false });
    expect(root).toMatchObject({
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      spanId: expect.stringMatching(/^[\da-f]{16}$/),
      parentSpanId: undefined,
      name: 'chat chat-large',
      kind: 'server',
      status: { code: 'ok' },
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'sample',
        'gen_ai.request.model': 'chat-large',
        'gen_ai.response.model': 'large-2026-01-01',
        'gen_ai.request.temperature': 0.2,
        'gen_ai.response.id': 'chatcmpl-1',
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': 9,
        'gen_ai.usage.output_tokens': 3,
        'gen_ai.usage.cache_read.input_tokens': 4,
        'gen_ai.cost.total_cost': 0.000_054,
        'gen_ai.conversation.id': 's',
        'user.id': 'end-user-1',
        'server.address': 'provider.invalid',
        'metadata.user_api_key_hash': '3f2a',
        'turnpike.tags': ['test'],
      },
    });
  });

  it('has one below it for each attempt, and tokens only once', () => {
    const [root, ...attempts] = genAiSpans(aCallFailed(), { withContent: true });
    expect(root!.status).toEqual({ code: 'error', message: 'The provider is overloaded.' });
    expect(attempts).toHaveLength(3);
    for (const { traceId, parentSpanId, kind, attributes } of attempts) {
      expect([traceId, parentSpanId, kind]).toEqual([root!.traceId, root!.spanId, 'client']);
      expect(Object.keys(attributes).join()).not.toMatch(/usage|cost/);
    }
    expect(new Set(attempts.map(({ spanId }) => spanId)).size).toBe(3);
  });

  it('is the same when it is told again, and another for another call', () => {
    const idsOf = (callId: string) => genAiSpans(aCallFinished({ callId }), { withContent: false })[0]!.traceId;
    expect(idsOf('a')).toBe(idsOf('a'));
    expect(idsOf('a')).not.toBe(idsOf('b'));
  });

  it('goes on with the trace of its client', () => {
    const call = aCallFinished({ headers: { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01` } });
    expect(genAiSpans(call, { parent: traceParentOf(call), withContent: false })[0]).toMatchObject({
      traceId: PARENT.traceId,
      parentSpanId: PARENT.spanId,
    });
  });

  it.each([
    '',
    'nonsense',
    `00-${PARENT.traceId}`,
    `00-${'0'.repeat(32)}-${PARENT.spanId}-01`,
    `00-${PARENT.traceId}-${'0'.repeat(16)}-01`,
    `ff-${PARENT.traceId}-${PARENT.spanId}-01`,
    `00-${PARENT.traceId.toUpperCase()}-${PARENT.spanId}-01`,
  ])('begins a trace of its own with the traceparent %j', (traceparent) => {
    expect(traceParentOf({ headers: { traceparent } })).toBeUndefined();
  });

  it('is there, however little is known', () => {
    const [root, ...rest] = genAiSpans(aBareCallFinished({ status: 'client_closed' }), { withContent: true });
    expect(root).toMatchObject({ name: 'chat chat-large', status: undefined });
    expect(rest).toEqual([]);
  });

  it('holds nothing of what was said unless it may', () => {
    const content = 'a private thing';
    const call = aCallFinished({
      request: { messages: [{ role: 'user', content }] },
      response: { choices: [{ message: { role: 'assistant', content } }] },
    });
    expect(JSON.stringify(genAiSpans(call, { withContent: true }))).toContain(content);
    expect(JSON.stringify(genAiSpans(call, { withContent: false }))).not.toContain(content);
    const redacted = { ...call, request: undefined, response: undefined };
    expect(JSON.stringify(genAiSpans(redacted, { withContent: true }))).not.toContain(content);
  });
});

const text = (content: string) => ({ type: 'text', content });

describe('messages in OpenTelemetry’s words', () => {
  it.each<[string, JsonObject, unknown]>([
    [
      'a chat with tools',
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Hi' },
              { type: 'image_url', image_url: { url: 'u' } },
            ],
          },
          { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] },
          { role: 'tool', tool_call_id: 'c', content: 'sun' },
        ],
      },
      [
        { role: 'system', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('Hi'), { type: 'image_url', image_url: { url: 'u' } }] },
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: '{}' }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', response: 'sun' }] },
      ],
    ],
    [
      'Anthropic’s',
      {
        system: 'Be brief.',
        messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'sun' }] }],
      },
      [
        { role: 'system', parts: [text('Be brief.')] },
        { role: 'user', parts: [{ type: 'tool_call_response', id: 'c', response: 'sun' }] },
      ],
    ],
    [
      'Gemini’s',
      { systemInstruction: { parts: [{ text: 'Be brief.' }] }, contents: [{ role: 'model', parts: [{ text: 'Hi' }] }] },
      [
        { role: 'system', parts: [text('Be brief.')] },
        { role: 'assistant', parts: [text('Hi')] },
      ],
    ],
    ['a prompt', { prompt: 'Once' }, [{ role: 'user', parts: [text('Once')] }]],
    ['texts to embed', { input: ['a', 'b'] }, [{ role: 'user', parts: [text('a'), text('b')] }]],
    ['tokens', { input: [[1, 2], [3]] }, [{ role: 'user', parts: [text('[1,2]'), text('[3]')] }]],
    ['nothing of the kind', { model: 'm' }, undefined],
    ['nonsense', { messages: [5, null, { role: 5, content: null }] }, [{ role: 'user', parts: [] }]],
  ])('go in: %s', (_title, request, expected) => expect(inputMessages({ request })).toEqual(expected));

  it.each<[string, JsonObject, unknown]>([
    [
      'a choice',
      { choices: [{ message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }] },
      [{ role: 'assistant', parts: [text('Hi')], finish_reason: 'stop' }],
    ],
    ['a text', { choices: [{ text: 'Hi' }] }, [{ role: 'assistant', parts: [text('Hi')] }]],
    [
      'Anthropic’s',
      { content: [{ type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } }], stop_reason: 'tool_use' },
      [
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } }],
          finish_reason: 'tool_use',
        },
      ],
    ],
    [
      'Gemini’s',
      { candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] },
      [{ role: 'assistant', parts: [text('Hi')], finish_reason: 'STOP' }],
    ],
    ['vectors', { object: 'list', data: [{ embedding: [0.1] }] }, undefined],
  ])('come out: %s', (_title, response, expected) => expect(outputMessages({ response })).toEqual(expected));
});
