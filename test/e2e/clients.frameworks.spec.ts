// The frameworks that applications are built with, each with its own idea of OpenAI's API.
import { createOpenAI } from '@ai-sdk/openai';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AIMessage, HumanMessage, type AIMessageChunk, type ToolMessage } from '@langchain/core/messages';
import { tool as langchainTool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { APICallError, embedMany, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { embeddingOf } from '../upstreams/format.mjs';
import { eventually, MASTER_KEY, startGateway, type Gateway } from './harness.js';
import { everyModelOf, upstreams, type UpstreamName } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ config: { model_list: everyModelOf('openai', 'anthropic', 'gemini') } });
});

const PROVIDERS: [prefix: string, UpstreamName][] = [
  ['openai', 'openAi'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
];
const input = z.object({ city: z.string() });
const forecast = z.object({ city: z.string(), days: z.array(z.number()) });

describe('LangChain', () => {
  const modelOf = (model: string, options: object = {}) =>
    new ChatOpenAI({
      model,
      apiKey: MASTER_KEY,
      maxRetries: 0,
      configuration: { baseURL: `${gateway.url}/v1` },
      ...options,
    });

  describe.each(PROVIDERS)('with a model of %s', (prefix, name) => {
    const model = `${prefix}/some-model`;

    it('gets an answer', async () => {
      const answer = await modelOf(model).invoke('Hello');
      expect(answer.text).toBe('Mock answer to: Hello');
      expect(answer.usage_metadata!.total_tokens).toBeGreaterThan(0);
    });

    it('streams an answer, with token counts at the end', async () => {
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await modelOf(model).stream('Hello')) whole = whole ? whole.concat(chunk) : chunk;
      expect(whole!.text).toBe('Mock answer to: Hello');
      expect(whole!.usage_metadata!.output_tokens).toBeGreaterThan(0);
    });

    it('calls a tool, gives its result back and gets the answer', async () => {
      const weather = langchainTool(({ city }) => `20 °C in ${city}`, { name: 'get_weather', schema: input });
      const withTools = modelOf(model).bindTools([weather]);
      const asked = await withTools.invoke([new HumanMessage('Hello')]);
      expect(asked.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'text' } }]);
      const result: ToolMessage = await weather.invoke({ ...asked.tool_calls![0]!, type: 'tool_call' });
      const answer = await withTools.invoke([new HumanMessage('Hello'), asked, result]);
      expect(answer).toBeInstanceOf(AIMessage);
      expect(answer.text).toBe('Mock answer to: Hello');
    });

    it.each(['jsonSchema', 'functionCalling'] as const)('gets what fits its schema (%s)', async (method) => {
      const structured = modelOf(model).withStructuredOutput(forecast, { method, name: 'forecast' });
      expect(await structured.invoke('Hello')).toEqual({ city: 'text', days: [1] });
    });

    it('leaves the provider when the call is aborted', async () => {
      const abort = new AbortController();
      const arrival = upstreams[name].nextRequest();
      const answer = modelOf(`${prefix}/mock-hang`).invoke('Hello', { signal: abort.signal });
      const request = await arrival;
      abort.abort();
      await expect(answer).rejects.toThrow(/abort/i);
      await eventually(
        () => request.clientLeft,
        (left) => left,
      );
    });
  });

  it('gets embeddings', async () => {
    const embeddings = new OpenAIEmbeddings({
      model: 'gemini/embed',
      apiKey: MASTER_KEY,
      dimensions: 128,
      configuration: { baseURL: `${gateway.url}/v1` },
    });
    expect(await embeddings.embedDocuments(['Hello', 'there'])).toEqual([
      embeddingOf('Hello', 128),
      embeddingOf('there', 128),
    ]);
  });

  it.each([
    ['anthropic/mock-429', { status: 429 }],
    ['openai/mock-context', { name: 'ContextOverflowError' }],
    ['no-such-model', { status: 400, code: 'model_not_found' }],
  ])('raises what %s means', async (model, expected) => {
    await expect(modelOf(model).invoke('Hello')).rejects.toMatchObject(expected);
  });
});

describe('Vercel’s AI SDK', () => {
  const modelOf = (model: string) => createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY }).chat(model);

  describe.each(PROVIDERS)('with a model of %s', (prefix, name) => {
    const model = `${prefix}/some-model`;

    it('gets an answer', async () => {
      const { text, finishReason, usage } = await generateText({ model: modelOf(model), prompt: 'Hello' });
      expect([text, finishReason]).toEqual(['Mock answer to: Hello', 'stop']);
      expect(usage.totalTokens).toBeGreaterThan(0);
    });

    it('streams an answer, with token counts at the end', async () => {
      const { textStream, usage } = streamText({ model: modelOf(model), prompt: 'Hello' });
      let text = '';
      for await (const piece of textStream) text += piece;
      expect(text).toBe('Mock answer to: Hello');
      expect((await usage).outputTokens).toBeGreaterThan(0);
    });

    it.each(['whole', 'streamed'])('runs its tools to the end (%s)', async (form) => {
      const cities: string[] = [];
      const options = {
        model: modelOf(model),
        prompt: 'Hello',
        stopWhen: stepCountIs(3),
        tools: {
          get_weather: tool({
            inputSchema: input,
            execute: async ({ city }) => {
              cities.push(city);
              return '20 °C';
            },
          }),
        },
      };
      const { text } = form === 'whole' ? await generateText(options) : streamText(options);
      expect(await text).toBe('Mock answer to: Hello');
      expect(cities).toEqual(['text']);
    });

    it('gets what fits its schema', async () => {
      const { output } = await generateText({
        model: modelOf(model),
        prompt: 'Hello',
        output: Output.object({ schema: forecast }),
      });
      expect(output).toEqual({ city: 'text', days: [1] });
    });

    it('leaves the provider when the call is aborted', async () => {
      const abort = new AbortController();
      const arrival = upstreams[name].nextRequest();
      const answer = generateText({
        model: modelOf(`${prefix}/mock-hang`),
        prompt: 'Hello',
        abortSignal: abort.signal,
      });
      const request = await arrival;
      abort.abort();
      await expect(answer).rejects.toThrow(/abort/i);
      await eventually(
        () => request.clientLeft,
        (left) => left,
      );
    });
  });

  it('gets embeddings', async () => {
    const provider = createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY });
    const { embeddings } = await embedMany({ model: provider.embedding('gemini/embed'), values: ['Hello', 'there'] });
    expect(embeddings).toEqual([embeddingOf('Hello', 3_072), embeddingOf('there', 3_072)]);
  });

  it.each([
    ['anthropic/mock-429', 429, true],
    ['openai/mock-context', 400, false],
    ['no-such-model', 400, false],
  ])('raises what %s means', async (model, statusCode, isRetryable) => {
    const failed = generateText({ model: modelOf(model), prompt: 'Hello', maxRetries: 0 });
    const error = await failed.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode, isRetryable });
  });
});
