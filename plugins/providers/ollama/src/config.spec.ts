import { describe, expect, it } from '@jest/globals';
import { baseOf, config } from './config.js';

describe('the address of a server', () => {
  it.each([
    ['http://localhost:11434', 'http://localhost:11434'],
    ['http://localhost:11434/', 'http://localhost:11434'],
    ['https://ollama.com', 'https://ollama.com'],
    ['https://proxy.example/llm/', 'https://proxy.example/llm'],
    ['http://gpu-box:11434/v1', 'http://gpu-box:11434'],
    ['http://gpu-box:11434/api/chat', 'http://gpu-box:11434'],
    ['http://gpu-box:11434/api', 'http://gpu-box:11434'],
    ['gpu-box', 'http://gpu-box:11434'],
    ['gpu-box:8080', 'http://gpu-box:8080'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    [':8080', 'http://localhost:8080'],
    ['http://0.0.0.0:11434', 'http://127.0.0.1:11434'],
  ])('written as %s is %s', (written, base) => expect(baseOf(written)).toBe(base));

  it.each(['', 'http://', 'not an address'])('cannot be %j', (written) => {
    expect(config.safeParse({ api_base: written }).success).toBe(false);
  });
});
