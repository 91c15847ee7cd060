// Every kind of provider behind one OpenAI-compatible door.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chat, chunksOf, jsonOf, messages, okJson, send, type Json } from './client.js';
import { startGateway, type Gateway } from './harness.js';
import {
  chatCompletion,
  chatCompletionChunk,
  embeddingList,
  saidBy,
  saidByAll,
  textCompletion,
  textCompletionChunk,
  type Said,
} from './openai-shape.js';
import { deployment, everyModelOf, upstreams, type UpstreamName } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      model_list: [
        ...everyModelOf('openai', 'azure', 'groq', 'anthropic', 'gemini', 'ollama', 'echo'),
        deployment('forgiving', 'anthropic/claude-sonnet-4-5', { drop_params: true }),
      ],
    },
  });
});

const PROVIDERS: [prefix: string, UpstreamName][] = [
  ['openai', 'openAi'],
  ['azure', 'openAi'],
  ['groq', 'openAi'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
  ['ollama', 'ollama'],
];

const whole = async (body: object): Promise<Said> => saidBy(chatCompletion.parse(await okJson(chat(gateway, body))));

const streamed = async (body: object): Promise<Said> => {
  const asked = { stream: true, stream_options: { include_usage: true }, ...body };
  return saidByAll((await chunksOf(chat(gateway, asked))).map((chunk) => chatCompletionChunk.parse(chunk)));
};

/** The answer, got whole and as a stream, which must say the same. */
const bothWays = async (body: object): Promise<Said> => {
  const said = await whole(body);
  expect(await streamed(body)).toEqual(said);
  return said;
};

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Lisboa', 'Paris'] }, days: { type: 'integer' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe.each(PROVIDERS)('%s', (prefix, name) => {
  const upstream = upstreams[name];
  const bodySent = (): Json => upstream.requests.at(-1)!.body;

  it('answers, whole and streamed alike, with the provider’s token counts', async () => {
    const said = await bothWays({
      model: `${prefix}/some-model`,
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
    });
    expect(said).toMatchObject({ content: 'Mock answer to: Hello', finish: 'stop', tools: [] });
    const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = said.usage!;
    expect([prompt > 0, completion > 0, total]).toEqual([true, true, prompt + completion]);
  });

  it('keeps every character of a stream, wherever the provider’s writes cut it', async () => {
    const model = `${prefix}/mock-unicode`;
    expect((await streamed({ model: `${model}+split-1` })).content).toBe((await whole({ model })).content);
  });

  it('calls a tool, takes its result and answers', async () => {
    const model = `${prefix}/some-model`;
    const said = await bothWays({ model, tools: [weather] });
    expect(said).toMatchObject({
      content: '',
      finish: 'tool_calls',
      tools: [{ name: 'get_weather', input: { city: 'Lisboa', days: 1 } }],
    });
    const { choices } = await okJson(chat(gateway, { model, tools: [weather] }));
    const [call] = choices[0].message.tool_calls;
    const answered = await bothWays({
      model,
      tools: [weather],
      messages: [...messages, choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'Twenty degrees.' }],
    });
    expect(answered).toMatchObject({ content: 'Mock answer to: Hello', finish: 'stop' });
    expect(JSON.stringify(bodySent())).toContain('Twenty degrees.');
  });

  it('calls several tools at once, in order, and takes all their results', async () => {
    const model = `${prefix}/mock-parallel-tools-3`;
    const clock = { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } };
    const said = await bothWays({ model, tools: [weather, clock] });
    expect(said.tools.map((tool) => tool.name)).toEqual(['get_weather', 'get_time', 'get_weather']);
    const { choices } = await okJson(chat(gateway, { model, tools: [weather, clock] }));
    const calls: Json[] = choices[0].message.tool_calls;
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
    const results = calls.map(({ id }, index) => ({ role: 'tool', tool_call_id: id, content: `result ${index}` }));
    const answered = await whole({
      model: `${prefix}/some-model`,
      tools: [weather, clock],
      messages: [...messages, choices[0].message, ...results],
    });
    expect(answered.content).toBe('Mock answer to: Hello');
    const sent = JSON.stringify(bodySent());
    expect(results.map(({ content }) => sent.indexOf(content)).every((at) => at > 0)).toBe(true);
  });

  it('is shown a picture', async () => {
    await whole({
      model: `${prefix}/gpt-4o`,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
          ],
        },
      ],
    });
    const inOpenAi = [{ type: 'text' }, { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }];
    const expected: Record<UpstreamName, object> = {
      openAi: { messages: [{ content: inOpenAi }] },
      anthropic: {
        messages: [
          {
            content: [
              { type: 'text' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            ],
          },
        ],
      },
      gemini: { contents: [{ parts: [{}, { inlineData: { mimeType: 'image/png', data: PIXEL } }] }] },
      ollama: { messages: [{ content: 'What is this?', images: [PIXEL] }] },
    };
    expect(bodySent()).toMatchObject(expected[name]);
  });

  it('answers in JSON that fits a schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } } },
      required: ['city', 'days'],
      additionalProperties: false,
    };
    const said = await bothWays({
      model: `${prefix}/some-model`,
      response_format: { type: 'json_schema', json_schema: { name: 'forecast', strict: true, schema } },
    });
    expect(JSON.parse(said.content)).toEqual({ city: 'text', days: [1] });
    expect(said).toMatchObject({ finish: 'stop', tools: [] });
  });

  it('shows its reasoning beside the answer', async () => {
    const said = await bothWays({ model: `${prefix}/mock-reasoning` });
    expect(said).toMatchObject({ reasoning: 'Let me think about this.', content: 'Mock answer to: Hello' });
  });

  it.each([
    ['length', 'length'],
    ['filter', 'content_filter'],
  ])('says why it ended: %s', async (word, finish) => {
    // Ollama has no filter.
    if (prefix === 'ollama' && word === 'filter') return;
    expect(await bothWays({ model: `${prefix}/mock-${word}` })).toMatchObject({ finish });
  });

  it('stops at the length asked for', async () => {
    const said = await bothWays({ model: `${prefix}/mock-long-50`, max_completion_tokens: 3 });
    expect(said).toMatchObject({ content: 'word0 word1 word2 ', finish: 'length' });
    expect(said.usage!.completion_tokens).toBe(3);
  });

  it('answers without counts when the provider gives none', async () => {
    const answer = await okJson(chat(gateway, { model: `${prefix}/mock-usage-null` }));
    expect(answer.choices[0].message.content).toBe('Mock answer to: Hello');
  });
});

describe('reasoning', () => {
  it.each<[model: string, UpstreamName, object]>([
    ['openai/gpt-5', 'openAi', { reasoning_effort: 'low' }],
    ['anthropic/claude-sonnet-4-5', 'anthropic', { thinking: { type: 'enabled', budget_tokens: expect.any(Number) } }],
    ['gemini/gemini-2.5-flash', 'gemini', { generationConfig: { thinkingConfig: { includeThoughts: true } } }],
    ['ollama/gpt-oss', 'ollama', { think: 'low' }],
  ])('is asked for in the words of %s', async (model, name, expected) => {
    await whole({ model, reasoning_effort: 'low', max_tokens: 4_000 });
    expect(upstreams[name].requests.at(-1)!.body).toMatchObject(expected);
  });

  it.each(['openai', 'azure', 'groq', 'gemini'])('is counted by %s', async (prefix) => {
    const { usage } = await okJson(chat(gateway, { model: `${prefix}/mock-reasoning` }));
    expect(usage.completion_tokens_details.reasoning_tokens).toBe(4);
  });

  it('of a model that signs its thoughts goes back to it with the tool’s result', async () => {
    const model = 'gemini/gemini-3-pro-preview';
    const { choices } = await okJson(chat(gateway, { model, tools: [weather] }));
    const { message } = choices[0];
    const result = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'Twenty degrees.' };
    // The mock refuses a call without its signature, as the model does.
    const said = await bothWays({ model, tools: [weather], messages: [...messages, message, result] });
    expect(said.content).toBe('Mock answer to: Hello');
  });
});

describe('echo', () => {
  it('says what it was told, whole and streamed alike', async () => {
    expect(await bothWays({ model: 'echo/echo' })).toMatchObject({ content: 'Hello', finish: 'stop' });
  });
});

describe('a parameter that the provider lacks', () => {
  const LACKING: [model: string, param: string, value: unknown, UpstreamName][] = [
    ['anthropic/claude-sonnet-4-5', 'logit_bias', { 50256: -100 }, 'anthropic'],
    ['anthropic/claude-sonnet-4-5', 'frequency_penalty', 0.5, 'anthropic'],
    ['anthropic/claude-sonnet-4-5', 'n', 2, 'anthropic'],
    ['gemini/gemini-2.5-flash', 'logit_bias', { 50256: -100 }, 'gemini'],
    ['ollama/llama3', 'logit_bias', { 50256: -100 }, 'ollama'],
    ['ollama/llama3', 'n', 2, 'ollama'],
    ['groq/llama-3.3-70b', 'logprobs', true, 'openAi'],
    ['groq/llama-3.3-70b', 'store', true, 'openAi'],
    ['openai/gpt-5', 'temperature', 0.2, 'openAi'],
    ['azure/o3', 'top_p', 0.2, 'openAi'],
  ];

  it.each(LACKING)('is refused by name: %s, %s', async (model, param, value, name) => {
    const response = await chat(gateway, { model, [param]: value });
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error).toMatchObject({
      param,
      code: 'unsupported_parameter',
      type: 'invalid_request_error',
      message: expect.stringContaining('drop_params'),
    });
    expect(upstreams[name].requests).toHaveLength(0);
  });

  it.each(LACKING)('is dropped when asked for: %s, %s', async (model, param, value, name) => {
    await whole({ model, [param]: value, drop_params: true });
    expect(JSON.stringify(upstreams[name].requests.at(-1)!.body)).not.toContain(`"${param}"`);
  });

  it('is dropped by a deployment that is told to', async () => {
    expect((await whole({ model: 'forgiving', logit_bias: { 1: 1 } })).content).toBe('Mock answer to: Hello');
  });

  it('asks for nothing when its value is the default', async () => {
    await whole({ model: 'anthropic/claude-sonnet-4-5', n: 1, frequency_penalty: 0, logit_bias: {} });
  });
});

describe('text completions', () => {
  it.each(['openai', 'anthropic', 'gemini', 'ollama', 'echo'])('of %s come whole and streamed', async (prefix) => {
    const body = { model: `${prefix}/some-model`, prompt: 'Hello', max_tokens: 40 };
    const answer = textCompletion.parse(await okJson(send(gateway, '/v1/completions', { body })));
    expect(answer.choices[0]).toMatchObject({
      text: prefix === 'echo' ? 'Hello' : 'Mock answer to: Hello',
      finish_reason: 'stop',
    });
    const chunks = (await chunksOf(send(gateway, '/v1/completions', { body: { ...body, stream: true } }))).map(
      (chunk) => textCompletionChunk.parse(chunk),
    );
    const choices = chunks.flatMap((chunk) => chunk.choices);
    expect(choices.map(({ text }) => text).join('')).toBe(answer.choices[0]!.text);
    expect(choices.at(-1)!.finish_reason).toBe('stop');
  });
});

describe('embeddings', () => {
  it.each(['openai', 'azure', 'gemini', 'ollama', 'echo'])('of %s: one vector a text, in order', async (prefix) => {
    const body = { model: `${prefix}/embed`, input: ['a', 'b', 'a'] };
    const { data } = embeddingList.parse(await okJson(send(gateway, '/v1/embeddings', { body })));
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(data[0]!.embedding).toEqual(data[2]!.embedding);
    expect(data[0]!.embedding).not.toEqual(data[1]!.embedding);
  });

  it('of a provider that has none are refused', async () => {
    const response = await send(gateway, '/v1/embeddings', { body: { model: 'anthropic/claude', input: 'a' } });
    expect([response.status, (await jsonOf(response)).error.param]).toEqual([400, 'model']);
  });
});
