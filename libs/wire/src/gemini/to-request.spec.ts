import { describe, expect, it } from '@jest/globals';
import type { ChatRequest, JsonObject, Message } from '@turnpike/domain';
import { aPolicy } from '../../test/policy.js';
import { toGeminiRequest } from './to-request.js';

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'Hello' }] };

const aRequest = (changes: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'gemini',
  messages: [hello],
  stream: false,
  includeUsage: false,
  extras: {},
  ...changes,
});

const FLASH = 'gemini-2.5-flash';
const NEW = 'gemini-3-flash-preview';

const bodyOf = (changes: Partial<ChatRequest>, model = FLASH, policy = aPolicy()): JsonObject =>
  toGeminiRequest(aRequest(changes), model, policy);

const contentsOf = (messages: Message[], model = FLASH): unknown => bodyOf({ messages }, model)['contents'];

const text = (value: string): Message => ({ role: 'user', content: [{ type: 'text', text: value }] });
const system = (value: string): Message => ({ role: 'system', content: [{ type: 'text', text: value }] });
const answer = (...content: Extract<Message, { role: 'assistant' }>['content']): Message => ({
  role: 'assistant',
  content,
});
const calls = (...ids: string[]): Message =>
  answer(...ids.map((id) => ({ type: 'tool-call' as const, id, name: `f_${id}`, arguments: '{"x":1}' })));
const result = (toolCallId: string, value: string, more: object = {}): Message => ({
  role: 'tool',
  toolCallId,
  content: [{ type: 'text', text: value }],
  ...more,
});
const weather = {
  type: 'function' as const,
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

describe('toGeminiRequest, messages', () => {
  it('sends a message and nothing else for a plain request', () => {
    expect(bodyOf({})).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] });
  });

  it('collects system messages from anywhere in systemInstruction', () => {
    expect(bodyOf({ messages: [system('Be brief.'), hello, system('Be kind.')] })).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
    });
  });

  it('makes system text that stands alone a user turn', () => {
    expect(bodyOf({ messages: [system('Be brief.')] })).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Be brief.' }] }],
    });
  });

  it.each(['gemma-3-27b-it', 'gemini-pro'])('puts system text in front of the first user turn for %s', (model) => {
    expect(bodyOf({ messages: [hello, system('Be brief.')] }, model)).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Be brief.' }, { text: 'Hello' }] }],
    });
  });

  it('merges turns of the same role and leaves out empty ones', () => {
    const messages = [
      text('a'),
      text('b'),
      text(''),
      answer({ type: 'text', text: 'c' }),
      answer({ type: 'text', text: 'd' }),
      text('e'),
    ];
    expect(contentsOf(messages)).toEqual([
      { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
      { role: 'model', parts: [{ text: 'c' }, { text: 'd' }] },
      { role: 'user', parts: [{ text: 'e' }] },
    ]);
  });

  it.each<[string, Message[], string[]]>([
    ['begins with a user turn when the model spoke first', [answer({ type: 'text', text: 'Hi' })], ['user', 'model']],
    ['sends one blank turn when nothing was said', [text('')], ['user']],
  ])('%s', (_, messages, roles) => {
    const contents = contentsOf(messages) as JsonObject[];
    expect(contents.map(({ role }) => role)).toEqual(roles);
    expect(contents[0]).toEqual({ role: 'user', parts: [{ text: ' ' }] });
  });

  it('answers calls in one turn, in the order of the calls, apart from what the user says next', () => {
    const messages = [hello, calls('a', 'b'), result('b', 'second'), result('a', '{"n":1}'), text('go on')];
    expect(contentsOf(messages)).toEqual([
      { role: 'user', parts: [{ text: 'Hello' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'a', name: 'f_a', args: { x: 1 } } },
          { functionCall: { id: 'b', name: 'f_b', args: { x: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'f_a', response: { n: 1 } } },
          { functionResponse: { id: 'b', name: 'f_b', response: { result: 'second' } } },
        ],
      },
      { role: 'user', parts: [{ text: 'go on' }] },
    ]);
  });

  it.each<[string, Message, object]>([
    ['an object', result('a', '{"n":1}'), { n: 1 }],
    ['a list', result('a', '[1]'), { result: '[1]' }],
    ['text', result('a', 'sunny'), { result: 'sunny' }],
    ['a failure', result('a', 'boom', { isError: true }), { error: 'boom' }],
    ['nothing', result('a', ''), { result: '' }],
  ])('wraps a result that is %s', (_, message, response) => {
    const contents = contentsOf([hello, calls('a'), message]) as JsonObject[];
    expect(contents[2]).toEqual({ role: 'user', parts: [{ functionResponse: { id: 'a', name: 'f_a', response } }] });
  });

  it('names the message whose tool call is unknown', () => {
    expect(() => contentsOf([hello, result('gone', 'x')])).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: { param: 'messages[1].tool_call_id' } }),
    );
    expect(contentsOf([hello, result('gone', 'x', { name: 'f' })])).toHaveLength(2);
  });

  it('puts images of a result inside it for Gemini 3, and after it before', () => {
    const image = { type: 'image' as const, mediaType: 'image/png', data: 'AAAA' };
    const messages: Message[] = [hello, calls('a'), { role: 'tool', toolCallId: 'a', content: [image] }];
    const inlineData = { mimeType: 'image/png', data: 'AAAA' };
    const response = { id: 'a', name: 'f_a', response: { result: '' } };
    expect((contentsOf(messages, NEW) as JsonObject[])[2]).toEqual({
      role: 'user',
      parts: [{ functionResponse: { ...response, parts: [{ inlineData }] } }],
    });
    expect((contentsOf(messages) as JsonObject[])[2]).toEqual({
      role: 'user',
      parts: [{ functionResponse: response }, { inlineData }],
    });
  });

  it('leaves a picture that is but an address beside the result', () => {
    const image = { type: 'image' as const, url: 'https://a.example/b.png' };
    const messages: Message[] = [hello, calls('a'), { role: 'tool', toolCallId: 'a', content: [image] }];
    expect((contentsOf(messages, NEW) as JsonObject[])[2]).toEqual({
      role: 'user',
      parts: [
        { functionResponse: { id: 'a', name: 'f_a', response: { result: '' } } },
        { fileData: { fileUri: 'https://a.example/b.png', mimeType: 'image/png' } },
      ],
    });
  });

  it('puts results of calls that it does not know last', () => {
    const messages = [hello, calls('a', 'b'), result('gone', 'x', { name: 'f' }), result('b', 'y'), result('a', 'z')];
    const turn = (contentsOf(messages) as { parts: { functionResponse: JsonObject }[] }[])[2];
    expect(turn?.parts.map(({ functionResponse }) => functionResponse['id'])).toEqual(['a', 'b', 'gone']);
  });

  it('leaves out what an assistant’s turn has no data for, and texts that are empty', () => {
    const turn = answer(
      { type: 'text', text: '' },
      { type: 'refusal', text: '' },
      { type: 'refusal', text: 'No.' },
      { type: 'audio', id: 'audio_1' },
      { type: 'audio', mediaType: 'audio/L16', data: 'AA' },
      { type: 'text', text: '', signature: 'c2ln' },
    );
    expect((contentsOf([hello, turn]) as JsonObject[])[1]).toEqual({
      role: 'model',
      parts: [
        { text: 'No.' },
        { inlineData: { mimeType: 'audio/L16', data: 'AA' } },
        { text: '', thoughtSignature: 'c2ln' },
      ],
    });
  });

  it('refuses a picture without data and address', () => {
    expect(() => contentsOf([{ role: 'user', content: [{ type: 'image' }] }])).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: { param: 'messages' } }),
    );
  });

  it('replays signatures and leaves reasoning out', () => {
    const turn = answer(
      { type: 'reasoning', text: 'hmm', signature: 'of-another-vendor' },
      { type: 'text', text: 'ok', signature: 'dA==' },
      { type: 'tool-call', id: 'a', name: 'f', arguments: '', signature: 'c2ln' },
    );
    expect((contentsOf([hello, turn], NEW) as JsonObject[])[1]).toEqual({
      role: 'model',
      parts: [
        { text: 'ok', thoughtSignature: 'dA==' },
        { functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature: 'c2ln' },
      ],
    });
  });

  it.each<[string, string, (string | undefined)[]]>([
    ['gives the first of parallel calls the stand-in', NEW, ['skip_thought_signature_validator', undefined]],
    [
      'does so for aliases of the newest models',
      'gemini-flash-latest',
      ['skip_thought_signature_validator', undefined],
    ],
    ['leaves older models alone', FLASH, [undefined, undefined]],
  ])('%s when signatures got lost (%s)', (_, model, expected) => {
    const contents = contentsOf([hello, calls('a', 'b')], model) as { parts: JsonObject[] }[];
    expect(contents[1]?.parts.map((part) => part['thoughtSignature'])).toEqual(expected);
  });

  it('refuses arguments in a history that are no JSON object', () => {
    const broken = answer({ type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":' });
    expect(() => contentsOf([hello, broken])).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: { param: 'messages[1].tool_calls' } }),
    );
  });

  it.each<[string, object, object]>([
    [
      'inline data',
      { type: 'image', mediaType: 'image/png', data: 'AA' },
      { inlineData: { mimeType: 'image/png', data: 'AA' } },
    ],
    [
      'a picture by address',
      { type: 'image', url: 'https://a.example/b.webp?c=1' },
      { fileData: { fileUri: 'https://a.example/b.webp?c=1', mimeType: 'image/webp' } },
    ],
    [
      'a picture of unknown type',
      { type: 'image', url: 'https://a.example/b' },
      { fileData: { fileUri: 'https://a.example/b', mimeType: 'image/jpeg' } },
    ],
    [
      'sound',
      { type: 'audio', mediaType: 'audio/wav', data: 'AA' },
      { inlineData: { mimeType: 'audio/wav', data: 'AA' } },
    ],
    [
      'a document',
      { type: 'file', mediaType: 'application/pdf', data: 'AA' },
      { inlineData: { mimeType: 'application/pdf', data: 'AA' } },
    ],
    [
      'a file kept at Google',
      { type: 'file', fileId: 'https://g.example/v1beta/files/x' },
      { fileData: { fileUri: 'https://g.example/v1beta/files/x' } },
    ],
    ['a video', { type: 'file', url: 'https://youtu.be/x' }, { fileData: { fileUri: 'https://youtu.be/x' } }],
  ])('sends %s', (_, part, expected) => {
    const messages = [{ role: 'user', content: [part] } as Message];
    expect(contentsOf(messages)).toEqual([{ role: 'user', parts: [expected] }]);
  });
});

describe('toGeminiRequest, parameters', () => {
  it('renames what Gemini has', () => {
    const request = {
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      maxOutputTokens: 10,
      n: 2,
      stop: ['END'],
      seed: 7,
      logprobs: true,
      topLogprobs: 3,
    };
    expect(bodyOf(request)['generationConfig']).toEqual({
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      maxOutputTokens: 10,
      candidateCount: 2,
      stopSequences: ['END'],
      seed: 7,
      responseLogprobs: true,
      logprobs: 3,
    });
  });

  it.each<[string, Partial<ChatRequest>]>([
    ['n of 1', { n: 1 }],
    ['logprobs off', { logprobs: false, topLogprobs: 0 }],
    ['parallel tool calls', { parallelToolCalls: true }],
    ['no parallel calls without tools', { parallelToolCalls: false }],
    ['tool choice without tools', { toolChoice: { type: 'auto' } }],
    ['penalties of 0', { frequencyPenalty: 0, presencePenalty: 0 }],
    ['the format text', { responseFormat: { type: 'text' } }],
    ['user', { user: 'u1' }],
    ['harmless extras', { extras: { store: false, modalities: ['text'], logit_bias: {}, service_tier: 'auto' } }],
  ])('sends nothing for %s', (_, changes) => {
    expect(Object.keys(bodyOf(changes))).toEqual(['contents']);
  });

  it('sends penalties to models that take them, and refuses them for 2.5', () => {
    expect(bodyOf({ frequencyPenalty: 1, presencePenalty: -1 }, NEW)['generationConfig']).toEqual({
      frequencyPenalty: 1,
      presencePenalty: -1,
    });
    const allowing = aPolicy({ allowed: new Set(['presence_penalty']) });
    expect(bodyOf({ presencePenalty: 1 }, FLASH, allowing)['generationConfig']).toEqual({ presencePenalty: 1 });
    expect(() => bodyOf({ frequencyPenalty: 1 })).toThrow(
      expect.objectContaining({ code: 'GW_UNSUPPORTED_PARAMETER' }),
    );
  });

  it.each<[string, Partial<ChatRequest>]>([
    ['parallel_tool_calls', { parallelToolCalls: false, tools: [weather] }],
    ['logit_bias', { extras: { logit_bias: { 1: 2 } } }],
    ['store', { extras: { store: true } }],
    ['prediction', { extras: { prediction: { type: 'content', content: 'x' } } }],
    ['audio.format', { extras: { modalities: ['audio'], audio: { voice: 'Kore', format: 'wav' } } }],
    ['tools', { tools: [{ type: 'native', dialect: 'openai', definition: { type: 'file_search' } }] }],
  ])('refuses %s, or drops it when told to', (param, changes) => {
    expect(() => bodyOf(changes)).toThrow(
      expect.objectContaining({ code: 'GW_UNSUPPORTED_PARAMETER', facts: expect.objectContaining({ param }) }),
    );
    const policy = aPolicy({ drop: true });
    const body = bodyOf(changes, FLASH, policy);
    expect(policy.dropped).toEqual([param]);
    expect(JSON.stringify(body)).not.toContain(`"${param}"`);
  });

  it('passes what the operator allows', () => {
    expect(
      bodyOf({ extras: { logit_bias: { 1: 2 } } }, FLASH, aPolicy({ allowed: new Set(['logit_bias']) })),
    ).toMatchObject({
      logit_bias: { 1: 2 },
    });
  });

  it('passes parallel_tool_calls when the operator allows it', () => {
    const policy = aPolicy({ allowed: new Set(['parallel_tool_calls']) });
    expect(bodyOf({ parallelToolCalls: false, tools: [weather] }, FLASH, policy)).toMatchObject({
      parallel_tool_calls: false,
    });
  });

  it('puts fields of Google where they belong, and the client’s own words above ours', () => {
    const body = bodyOf({
      temperature: 0.5,
      tools: [weather],
      toolChoice: { type: 'required' },
      extras: {
        safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
        cached_content: 'cachedContents/x',
        labels: { team: 'a' },
        imageConfig: { aspectRatio: '1:1' },
        generation_config: { temperature: 1, media_resolution: 'MEDIA_RESOLUTION_LOW' },
        tool_config: { retrieval_config: { languageCode: 'en' } },
        absent: undefined,
        service_tier: 'flex',
        unheardOf: 1,
      },
    });
    expect(body).toMatchObject({
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
      cachedContent: 'cachedContents/x',
      labels: { team: 'a' },
      generationConfig: {
        temperature: 1,
        mediaResolution: 'MEDIA_RESOLUTION_LOW',
        imageConfig: { aspectRatio: '1:1' },
      },
      toolConfig: { functionCallingConfig: { mode: 'ANY' }, retrievalConfig: { languageCode: 'en' } },
      serviceTier: 'flex',
      unheardOf: 1,
    });
  });

  it('asks for pictures and sound', () => {
    const extras = { modalities: ['text', 'audio'], audio: { voice: 'Kore', format: 'pcm16' } };
    expect(bodyOf({ extras })['generationConfig']).toEqual({
      responseModalities: ['TEXT', 'AUDIO'],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
    });
  });
});

describe('toGeminiRequest, tools and formats', () => {
  const schema = { type: 'object', properties: { a: { const: 'x' } } };

  it('declares functions in JSON Schema, or in the subset for older models', () => {
    const tools = [{ ...weather, parameters: schema, description: 'd' }];
    expect(bodyOf({ tools })['tools']).toEqual([
      {
        functionDeclarations: [
          {
            name: 'weather',
            description: 'd',
            parametersJsonSchema: { type: 'object', properties: { a: { enum: ['x'] } } },
          },
        ],
      },
    ]);
    expect(bodyOf({ tools }, 'gemini-1.5-pro')['tools']).toEqual([
      {
        functionDeclarations: [
          {
            name: 'weather',
            description: 'd',
            parameters: { type: 'object', properties: { a: { type: 'string', enum: ['x'] } } },
          },
        ],
      },
    ]);
  });

  it.each<[string, JsonObject | undefined]>([
    ['without a schema', undefined],
    ['with an empty object', { type: 'object', properties: {} }],
    ['closed and empty', { type: 'object', additionalProperties: false }],
  ])('declares a function %s by its name alone', (_, parameters) => {
    const tools = [{ type: 'function' as const, name: 'now', parameters }];
    expect(bodyOf({ tools })['tools']).toEqual([{ functionDeclarations: [{ name: 'now' }] }]);
  });

  it.each<[Partial<ChatRequest>, object | undefined]>([
    [{}, undefined],
    [{ toolChoice: { type: 'auto' } }, { mode: 'AUTO' }],
    [{ toolChoice: { type: 'none' } }, { mode: 'NONE' }],
    [{ toolChoice: { type: 'required' } }, { mode: 'ANY' }],
    [{ toolChoice: { type: 'tool', name: 'weather' } }, { mode: 'ANY', allowedFunctionNames: ['weather'] }],
    [{ tools: [{ ...weather, strict: true }] }, { mode: 'VALIDATED' }],
    [{ tools: [{ ...weather, strict: true }], toolChoice: { type: 'auto' } }, { mode: 'VALIDATED' }],
    [{ tools: [{ ...weather, strict: true }], toolChoice: { type: 'required' } }, { mode: 'ANY' }],
    [
      {
        tools: [{ type: 'native', dialect: 'gemini', definition: { googleSearch: {} } }],
        toolChoice: { type: 'required' },
      },
      undefined,
    ],
  ])('chooses tools as in %j', (changes, functionCallingConfig) => {
    const { toolConfig } = bodyOf({ tools: [weather], ...changes });
    expect(toolConfig).toEqual(functionCallingConfig && { functionCallingConfig });
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['Google’s own name', { googleSearch: {} }, { googleSearch: {} }],
    ['snake_case', { code_execution: {} }, { codeExecution: {} }],
    ['OpenAI’s web search', { type: 'web_search_preview' }, { googleSearch: {} }],
  ])('asks for a tool of Google’s by %s', (_, definition, expected) => {
    expect(bodyOf({ tools: [{ type: 'native', dialect: 'openai', definition }] })).toMatchObject({ tools: [expected] });
  });

  it('passes a tool that only Gemini can have, and others that the operator allows', () => {
    const unheardOf = { type: 'native' as const, dialect: 'gemini' as const, definition: { newTool: {} } };
    expect(bodyOf({ tools: [unheardOf] })['tools']).toEqual([{ newTool: {} }]);
    const foreign = { type: 'native' as const, dialect: 'openai' as const, definition: { type: 'file_search' } };
    const policy = aPolicy({ allowed: new Set(['tools']) });
    expect(bodyOf({ tools: [foreign] }, FLASH, policy)['tools']).toEqual([{ type: 'file_search' }]);
  });

  it.each([true, { type: 'string' }])(
    'keeps the schema of a function that takes any argument (%j)',
    (additionalProperties) => {
      const parameters = { type: 'object', additionalProperties };
      const tools = [{ type: 'function' as const, name: 'f', parameters }];
      expect(bodyOf({ tools })['tools']).toEqual([
        { functionDeclarations: [{ name: 'f', parametersJsonSchema: parameters }] },
      ]);
    },
  );

  it('searches once, however often it is asked to', () => {
    const tools = [{ type: 'native' as const, dialect: 'openai' as const, definition: { googleSearch: {} } }];
    expect(bodyOf({ tools, extras: { web_search_options: {} } })['tools']).toEqual([{ googleSearch: {} }]);
    expect(bodyOf({ extras: { web_search_options: {} } })['tools']).toEqual([{ googleSearch: {} }]);
  });

  it('asks Gemini 3 for its own tools beside functions', () => {
    const changes = { tools: [weather], extras: { web_search_options: {} } };
    expect(bodyOf(changes, NEW)['toolConfig']).toEqual({
      functionCallingConfig: { mode: 'VALIDATED' },
      includeServerSideToolInvocations: true,
    });
    expect(bodyOf(changes)['toolConfig']).toBeUndefined();
  });

  it.each<[string, string, ChatRequest['responseFormat'], object]>([
    ['any JSON', FLASH, { type: 'json' }, { responseMimeType: 'application/json' }],
    [
      'a schema',
      FLASH,
      { type: 'json-schema', name: 'n', schema },
      {
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object', properties: { a: { enum: ['x'] } } },
      },
    ],
    [
      'a schema of an older model',
      'gemini-1.5-pro',
      { type: 'json-schema', name: 'n', schema },
      {
        responseMimeType: 'application/json',
        responseSchema: { type: 'object', properties: { a: { type: 'string', enum: ['x'] } } },
      },
    ],
  ])('asks for %s', (_, model, responseFormat, expected) => {
    expect(bodyOf({ responseFormat }, model)['generationConfig']).toEqual(expected);
  });

  it('tells older models the format in words when they also search', () => {
    const body = bodyOf({ extras: { web_search_options: {} }, responseFormat: { type: 'json' } });
    expect(body).toMatchObject({ systemInstruction: { parts: [{ text: expect.stringContaining('JSON object') }] } });
    expect(body['generationConfig']).toBeUndefined();
  });

  it('tells older models the format in words when they also have tools', () => {
    const changes: Partial<ChatRequest> = {
      tools: [weather],
      responseFormat: { type: 'json-schema', name: 'n', schema },
    };
    const told = bodyOf(changes);
    expect(told['generationConfig']).toBeUndefined();
    expect(JSON.stringify(told['systemInstruction'])).toContain(JSON.stringify(JSON.stringify(schema)).slice(1, -1));
    const sent = bodyOf(changes, NEW);
    expect(sent['systemInstruction']).toBeUndefined();
    expect(sent['generationConfig']).toHaveProperty('responseJsonSchema');
  });
});
