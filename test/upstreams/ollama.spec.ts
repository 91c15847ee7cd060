// The Ollama mock's shapes, against plain fetch.
import { describe, expect, it } from '@jest/globals';
import { chat, jsonOf, ollama, post, type Json } from './spec-clients.js';

describe('the Ollama mock', () => {
  it('streams one JSON line each unless told not to, the last with counts', async () => {
    const response = await chat.ollama('llama3.2', { stream: undefined });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line): Json => JSON.parse(line));
    expect(lines.map((line) => line.message.content).join('')).toBe('Mock answer to: Hello');
    expect(lines.at(-1)).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 6, eval_count: 4 });
    expect(lines.slice(0, -1).every((line) => line.done === false)).toBe(true);
  });

  it('generates, embeds and lists', async () => {
    const generated = await jsonOf(
      await post(`${ollama.url}/api/generate`, { model: 'm', prompt: 'Hi', stream: false }, {}),
    );
    expect(generated.response).toBe('Mock answer to: Hi');
    const embedded = await jsonOf(await post(`${ollama.url}/api/embed`, { model: 'm', input: ['a', 'b'] }, {}));
    expect(embedded.embeddings).toHaveLength(2);
    expect((await jsonOf(await fetch(`${ollama.url}/api/tags`))).models.length).toBeGreaterThan(0);
  });
});
