import { describe, expect, it } from '@jest/globals';
import type { ChatRequest, JsonObject } from '@turnpike/domain';
import { fromGeminiRequest } from './from-request.js';
import { toGeminiRequest } from './to-request.js';

const MODEL = 'gemini-3-flash-preview';
const read = (body: JsonObject): ChatRequest => fromGeminiRequest(body, MODEL, false);
const policy = () => ({ provider: 'provider.test', drop: false, allowed: new Set<string>(), dropped: [] });
const hello = { role: 'user', parts: [{ text: 'Hello' }] };

const WHOLE: JsonObject = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  contents: [
    {
      role: 'user',
      parts: [
        { text: 'Look' },
        { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        { fileData: { fileUri: 'https://a.example/b.pdf', mimeType: 'application/pdf' } },
      ],
    },
    {
      role: 'model',
      parts: [
        { text: 'Let me see.', thoughtSignature: 'dA==' },
        { functionCall: { id: 'c1', name: 'a', args: { x: 1 } }, thoughtSignature: 'c2ln' },
        { functionCall: { id: 'c2', name: 'b', args: {} } },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { id: 'c1', name: 'a', response: { n: 1 } } },
        {
          functionResponse: {
            id: 'c2',
            name: 'b',
            response: { error: 'boom' },
            parts: [{ inlineData: { mimeType: 'image/png', data: 'BBBB' } }],
          },
        },
      ],
    },
  ],
  tools: [
    { googleSearch: {} },
    {
      functionDeclarations: [
        {
          name: 'a',
          description: 'd',
          parametersJsonSchema: { type: 'object', properties: { x: { type: 'integer' } } },
        },
        { name: 'b' },
      ],
    },
  ],
  toolConfig: {
    functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['a'] },
    includeServerSideToolInvocations: true,
  },
  generationConfig: {
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    maxOutputTokens: 100,
    candidateCount: 2,
    stopSequences: ['END'],
    seed: 7,
    frequencyPenalty: 0.1,
    presencePenalty: 0.2,
    responseLogprobs: true,
    logprobs: 2,
    responseMimeType: 'application/json',
    responseJsonSchema: { type: 'object', properties: { a: { type: 'string' } } },
    responseModalities: ['TEXT', 'IMAGE'],
    thinkingConfig: { thinkingLevel: 'low', includeThoughts: true },
    imageConfig: { aspectRatio: '1:1' },
  },
  safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
  cachedContent: 'cachedContents/x',
  labels: { team: 'a' },
  serviceTier: 'flex',
};

describe('fromGeminiRequest', () => {
  it('comes back the same through toGeminiRequest', () => {
    expect(toGeminiRequest(read(WHOLE), MODEL, policy())).toEqual(WHOLE);
  });

  it('reads every field of ours', () => {
    expect(read(WHOLE)).toMatchObject({
      model: MODEL,
      stream: false,
      includeUsage: true,
      maxOutputTokens: 100,
      n: 2,
      stop: ['END'],
      toolChoice: { type: 'tool', name: 'a' },
      responseFormat: { type: 'json-schema', schema: { type: 'object', properties: { a: { type: 'string' } } } },
      reasoning: { effort: 'low', includeText: true },
      extras: {
        modalities: ['text', 'image'],
        service_tier: 'flex',
        generationConfig: { imageConfig: { aspectRatio: '1:1' } },
      },
    });
  });

  it('reads snake_case, lone objects instead of lists, and turns without a role', () => {
    const request = read({
      system_instruction: { parts: { text: 'Be brief.' } },
      contents: { parts: { text: 'Hello' } },
      generation_config: { max_output_tokens: 5, thinking_config: { thinking_budget: 0 } },
      safety_settings: [],
      tools: {
        function_declarations: [{ name: 'f', parameters: { type: 'OBJECT', properties: { a: { type: 'STRING' } } } }],
      },
      tool_config: { function_calling_config: { mode: 'NONE' } },
    });
    expect(request).toMatchObject({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      ],
      maxOutputTokens: 5,
      reasoning: { budgetTokens: 0 },
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: { a: { type: 'string' } } } }],
      toolChoice: { type: 'none' },
      extras: { safetySettings: [] },
    });
  });

  it('pairs results with calls by name where neither has an id', () => {
    const { messages } = read({
      contents: [
        hello,
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'f', args: { n: 1 } } },
            { functionCall: { name: 'g' } },
            { functionCall: { name: 'f' } },
          ],
        },
        {
          role: 'function',
          parts: ['f', 'g', 'f'].map((name) => ({ functionResponse: { name, response: { result: name } } })),
        },
      ],
    });
    expect(messages[1]).toMatchObject({
      content: [{ id: 'call_0' }, { id: 'call_1', arguments: '{}' }, { id: 'call_2' }],
    });
    expect(messages.slice(2)).toEqual(
      [
        ['call_0', 'f'],
        ['call_1', 'g'],
        ['call_2', 'f'],
      ].map(([toolCallId, name]) => ({
        role: 'tool',
        toolCallId,
        name,
        content: [{ type: 'text', text: name }],
      })),
    );
  });

  it('keeps a model’s thoughts, with the signature that another provider may want back', () => {
    const { messages } = read({
      contents: [hello, { role: 'model', parts: [{ text: 'hmm', thought: true, thoughtSignature: 's' }] }],
    });
    expect(messages[1]).toEqual({ role: 'assistant', content: [{ type: 'reasoning', text: 'hmm', signature: 's' }] });
  });

  it.each<[string, JsonObject, Partial<ChatRequest>]>([
    ['JSON without a schema', { responseMimeType: 'application/json' }, { responseFormat: { type: 'json' } }],
    ['plain text', { responseMimeType: 'text/plain' }, { responseFormat: undefined }],
    [
      'an enumeration, which only Gemini has',
      { responseMimeType: 'text/x.enum' },
      { extras: { generationConfig: { responseMimeType: 'text/x.enum' } } },
    ],
    [
      'one voice',
      { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } } },
      { extras: { audio: { voice: 'Kore', format: 'pcm16' } } },
    ],
    [
      'several voices',
      { speechConfig: { multiSpeakerVoiceConfig: {} } },
      { extras: { generationConfig: { speechConfig: { multiSpeakerVoiceConfig: {} } } } },
    ],
  ])('reads %s', (_, generationConfig, expected) => {
    expect(read({ contents: [hello], generationConfig })).toMatchObject(expected);
  });

  it('reads a system instruction that is but a text', () => {
    expect(read({ contents: [hello], systemInstruction: 'Be brief.' }).messages[0]).toEqual({
      role: 'system',
      content: [{ type: 'text', text: 'Be brief.' }],
    });
  });

  it.each<[string, JsonObject, object[]]>([
    [
      'a picture',
      { inlineData: { mimeType: 'image/png', data: 'AA' } },
      [{ type: 'image', data: 'AA', mediaType: 'image/png' }],
    ],
    [
      'sound',
      { inline_data: { mime_type: 'audio/wav', data: 'AA' } },
      [{ type: 'audio', data: 'AA', mediaType: 'audio/wav' }],
    ],
    [
      'a document',
      { inlineData: { mimeType: 'application/pdf', data: 'AA' } },
      [{ type: 'file', data: 'AA', mediaType: 'application/pdf' }],
    ],
    [
      'an address',
      { fileData: { fileUri: 'gs://a/b.png', mimeType: 'image/png' } },
      [{ type: 'image', url: 'gs://a/b.png', mediaType: 'image/png' }],
    ],
    ['a file of the provider', { fileData: { fileUri: 'files/x' } }, [{ type: 'file', fileId: 'files/x' }]],
    ['an empty text as nothing', { text: '' }, []],
  ])('reads %s', (_, part, content) => {
    const { messages } = read({ contents: [{ role: 'user', parts: [part, { text: 'x' }] }] });
    expect(messages).toEqual([{ role: 'user', content: [...content, { type: 'text', text: 'x' }] }]);
  });

  it.each<[string, JsonObject, object]>([
    ['a failure', { response: { error: 'boom' } }, { content: [{ type: 'text', text: 'boom' }], isError: true }],
    ['an output', { response: { output: 'ok' } }, { content: [{ type: 'text', text: 'ok' }] }],
    ['an object', { response: { result: 1 } }, { content: [{ type: 'text', text: '{"result":1}' }] }],
    ['nothing', {}, { content: [] }],
  ])('reads %s as the result of a tool', (_, response, expected) => {
    const parts = [{ functionResponse: { name: 'f', ...response } }];
    const contents = [hello, { role: 'model', parts: [{ functionCall: { name: 'g' } }] }, { role: 'user', parts }];
    expect(read({ contents }).messages[2]).toEqual({ role: 'tool', toolCallId: 'call_f', name: 'f', ...expected });
  });

  it.each<[JsonObject, ChatRequest['toolChoice']]>([
    [{ mode: 'AUTO' }, { type: 'auto' }],
    [{ mode: 'VALIDATED' }, { type: 'auto' }],
    [{ mode: 'ANY' }, { type: 'required' }],
    [{ mode: 'ANY', allowed_function_names: ['a', 'b'] }, { type: 'required' }],
    [
      { mode: 'ANY', allowed_function_names: ['a'] },
      { type: 'tool', name: 'a' },
    ],
    [{ mode: 'MODE_UNSPECIFIED' }, undefined],
  ])('reads the choice of tools %j', (functionCallingConfig, expected) => {
    expect(read({ contents: [hello], toolConfig: { functionCallingConfig } }).toolChoice).toEqual(expected);
  });

  it('reads a schema in Google’s subset, and tools of Google’s own', () => {
    const generationConfig = {
      responseMimeType: 'application/json',
      responseSchema: { type: 'STRING', nullable: true },
    };
    expect(read({ contents: [hello], generationConfig, tools: [{ google_search: {} }] })).toMatchObject({
      responseFormat: { type: 'json-schema', schema: { type: ['string', 'null'] } },
      tools: [{ type: 'native', dialect: 'gemini', definition: { googleSearch: {} } }],
    });
  });

  it('makes no extra of what it has read', () => {
    const generationConfig = { responseMimeType: 'text/plain', temperature: 1, thinkingConfig: {} };
    expect(read({ contents: [hello], generationConfig, model: 'm' }).extras).toEqual({});
  });

  it.each<[string, JsonObject]>([
    ['contents', {}],
    ['contents[0]', { contents: ['Hello'] }],
    ['contents[0].role', { contents: [{ role: 'system', parts: [] }] }],
    ['contents[0].parts[0]', { contents: [{ role: 'user', parts: [{ unheardOf: {} }] }] }],
    ['contents[0].parts[0].functionResponse.name', { contents: [{ role: 'user', parts: [{ functionResponse: {} }] }] }],
    ['generationConfig', { contents: [hello], generationConfig: 1 }],
    ['generationConfig.temperature', { contents: [hello], generationConfig: { temperature: 'hot' } }],
    ['generationConfig.stopSequences', { contents: [hello], generationConfig: { stopSequences: 'END' } }],
    ['tools[0].functionDeclarations.name', { contents: [hello], tools: [{ functionDeclarations: [{}] }] }],
  ])('names %s when it is wrong', (param, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: { param } }));
  });
});
