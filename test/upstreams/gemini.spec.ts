// The Gemini mock's shapes, against plain fetch.
import { describe, expect, it } from '@jest/globals';
import { chat, chunksOf, gemini, jsonOf, post, type Body, type Json, type Options } from './spec-clients.js';

describe('the Gemini mock', () => {
  it('streams chunks of the shape of the whole answer, the last with finishReason', async () => {
    const response = await chat.gemini('gemini-2.5-flash', { stream: true });
    const text = await response.clone().text();
    expect(text).toMatch(/^data: \{"candidates": \[\{"content": .*\}\r\n\r\n/);
    const chunks = await chunksOf(response);
    expect(chunks.map((chunk) => chunk.candidates[0].content.parts[0].text).join('')).toBe('Mock answer to: Hello');
    expect(chunks.filter((chunk) => chunk.candidates[0].finishReason === 'STOP')).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1).usageMetadata).toMatchObject({
      promptTokenCount: 2,
      candidatesTokenCount: 4,
      totalTokenCount: 6,
    });
  });

  it('streams one JSON array without alt=sse', async () => {
    const url = `${gemini.url}/v1beta/models/m:streamGenerateContent`;
    const response = await post(url, { contents: [{ parts: [{ text: 'Hello' }] }] }, { 'x-goog-api-key': 'k' });
    expect((await jsonOf(response)).length).toBeGreaterThan(1);
  });

  it('signs the first of parallel calls, and wants the signature back', async () => {
    const { content } = (await jsonOf(await chat.gemini('mock-parallel-tools'))).candidates[0];
    expect(content.parts.map((part: Json) => Boolean(part.thoughtSignature))).toEqual([true, false]);
    const ask = (parts: Json) =>
      chat.gemini('gemini-3-pro', {
        contents: [
          { role: 'user', parts: [{ text: 'x' }] },
          { role: 'model', parts },
        ],
      });
    expect((await ask(content.parts)).status).toBe(200);
    expect((await ask(content.parts.slice(1))).status).toBe(400);
  });

  it.each([
    ['a wrong key', { key: 'sk-bad' }, {}, 400, 'INVALID_ARGUMENT', 'API key not valid'],
    ['an unknown field', {}, { top_p: 1 }, 400, 'INVALID_ARGUMENT', 'Unknown name "top_p"'],
    [
      'a schema word that it lacks',
      {},
      {
        tools: [
          {
            functionDeclarations: [
              { name: 'f', parameters: { type: 'object', properties: { a: { additionalProperties: false } } } },
            ],
          },
        ],
      },
      400,
      'INVALID_ARGUMENT',
      'parameters.properties[0].value',
    ],
  ])('refuses %s', async (_name, options: Options, extra: Body, code, status, message) => {
    const response = await chat.gemini('any', extra, options);
    expect(response.status).toBe(code);
    expect(await jsonOf(response)).toMatchObject({
      error: { code, status, message: expect.stringContaining(message) },
    });
  });

  it('says in the body when to come back after 429', async () => {
    const { error } = await jsonOf(await chat.gemini('mock-429-34'));
    expect(error.details).toContainEqual({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34s' });
  });

  it('embeds one text or many', async () => {
    const content = { parts: [{ text: 'a' }] };
    const call = async (operation: string, body: Body) =>
      jsonOf(await post(`${gemini.url}/v1beta/models/e:${operation}`, body, { 'x-goog-api-key': 'k' }));
    const { embedding } = await call('embedContent', { content, outputDimensionality: 3 });
    const { embeddings } = await call('batchEmbedContents', { requests: [{ content, outputDimensionality: 3 }] });
    expect(embedding.values).toHaveLength(3);
    expect(embeddings).toEqual([embedding]);
  });
});
