import { afterEach, describe, expect, it } from '@jest/globals';
import { loadFiles, removeFolders } from '../test/workspace.js';
import type { GatewayConfig } from './canonical.js';

afterEach(removeFolders);

const namesOf = (config: GatewayConfig): string[][] =>
  config.deployments.map(({ modelName, provider, model }) => [modelName, provider, model]);

const load = (env: Record<string, string>, flags = {}): GatewayConfig => loadFiles({}, { env, flags }).config;

describe('without a file', () => {
  it('there is an echo, and every provider whose key is at hand', () => {
    const config = load({ OPENAI_API_KEY: 'k', GOOGLE_API_KEY: 'g', ANTHROPIC_API_KEY: '' });
    expect(config.source.kind).toBe('built-in');
    expect(namesOf(config)).toEqual([
      ['echo', 'provider.echo', 'echo'],
      ['openai/*', 'provider.openai', '*'],
      ['gemini/*', 'provider.gemini', '*'],
    ]);
    expect(config.deployments[2]!.connection).toEqual({ api_key: 'g' });
    expect(config.warnings).toEqual([]);
  });

  it('a local server’s address is as good as a key', () => {
    expect(namesOf(load({ OLLAMA_API_BASE_URL: 'http://h' }))).toContainEqual(['ollama/*', 'provider.ollama', '*']);
  });

  it('half of what a provider needs is nothing', () => {
    expect(namesOf(load({ AZURE_API_KEY: 'k' }))).toEqual([['echo', 'provider.echo', 'echo']]);
  });

  it('--model is served alone, and answers whatever is asked for', () => {
    const config = load(
      {},
      { model: 'ollama/llama3', alias: 'mine', apiBase: 'http://h', temperature: 0.5, maxTokens: 9 },
    );
    expect(config.deployments).toMatchObject([
      {
        modelName: 'mine',
        provider: 'provider.ollama',
        connection: { api_base: 'http://h' },
        defaults: { temperature: 0.5, max_tokens: 9 },
      },
    ]);
    expect(config.requests.modelOverrides).toEqual({ completion_model: 'mine' });
  });
});

describe('variables that describe the models', () => {
  it('name the primary, which falls back to the secondary', () => {
    const config = load({ LITELLM_PRIMARY_MODEL: 'echo/a', LITELLM_SECONDARY_MODEL: 'echo/b' });
    expect(config.source.kind).toBe('env');
    expect(namesOf(config)).toEqual([
      ['echo/a', 'provider.echo', 'a'],
      ['echo/b', 'provider.echo', 'b'],
    ]);
    expect(config.router.fallbacks).toEqual({ 'echo/a': [{ model: 'echo/b' }] });
    expect(config.router.aliases).toEqual({
      a: { targets: ['echo/a'], hidden: false },
      b: { targets: ['echo/b'], hidden: false },
    });
  });

  it('name a fallback of its own, for every model', () => {
    const config = load({ LITELLM_PRIMARY_MODEL: 'echo/a', LITELLM_FALLBACK_MODEL: 'echo/z' });
    expect(config.router.fallbacks).toEqual({ '*': [{ model: 'echo/z' }] });
    expect(config.deployments).toHaveLength(2);
  });

  it('give a provider’s address, timeout and one more model by its prefix', () => {
    const config = load({
      LITELLM_PRIMARY_MODEL: 'lm_studio/a',
      LM_STUDIO_BASE_URL: 'http://h/v1',
      LM_STUDIO_TIMEOUT: '90',
      LM_STUDIO_MODEL: 'other',
      OPENAI_MODEL: 'gpt-4o',
    });
    expect(config.deployments).toMatchObject([
      { modelName: 'lm_studio/a', connection: { api_base: 'http://h/v1' }, timeoutMs: 90_000 },
      { modelName: 'lm_studio/other', connection: { api_base: 'http://h/v1' } },
    ]);
    expect(config.deployments).toHaveLength(2);
  });

  it('list a model whose key is missing as off', () => {
    const config = load({ LITELLM_PRIMARY_MODEL: 'gemini/flash' });
    expect(config.disabled[0]!.reason).toBe('api_key is missing: set GEMINI_API_KEY, or api_key in litellm_params');
  });
});
