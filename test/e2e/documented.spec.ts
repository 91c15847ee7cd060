// What README.md and docs/plugins.md show is run as it stands.
import { describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fencesOf } from '../../tools/docs/markdown.mjs';
import { startOpenAiUpstream } from '../upstreams/index.mjs';
import { MASTER_KEY, ROOT, run, startGateway } from './harness.js';

jest.setTimeout(60_000);

interface Fence {
  language: string;
  text: string;
}

const blocksOf = (path: string): Fence[] => fencesOf(readFileSync(join(ROOT, path), 'utf8'));

const readme = blocksOf('README.md');
const plugins = blocksOf('docs/plugins.md');

/** The block of a document that holds this text. */
const blockWith = (blocks: Fence[], language: string, text: string): string => {
  const found = blocks.find((block) => block.language === language && block.text.includes(text));
  if (!found) throw new Error(`No ${language} block has ${text}.`);
  return found.text;
};

const chat = (url: string, model: string, more: object = {}): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }], ...more }),
  });

describe('README.md', () => {
  it('shows a configuration that passes the check', async () => {
    const { code, stdout } = await run({
      args: ['config', 'check', '--strict'],
      config: blockWith(readme, 'yaml', 'model_list'),
      env: { OPENAI_API_KEY: 'sk-made-up-1', ANTHROPIC_API_KEY: 'sk-made-up-2' },
    });
    expect(stdout).toMatch(/^ok: 2 deployments, 1 model names/m);
    expect(code).toBe(0);
  });

  it('shows the request that the start page prints', async () => {
    const gateway = await startGateway();
    const request = blockWith(readme, 'sh', 'curl').replace('localhost:4000', `localhost:${gateway.port}`);
    const squeezed = (text: string): string => text.replaceAll(/\s+/g, ' ');
    expect(squeezed(gateway.output())).toContain(squeezed(request));
    await gateway.stop();
  });
});

describe('docs/plugins.md', () => {
  it('shows a strategy that chooses as it says', async () => {
    const example = blockWith(plugins, 'yaml', 'routing_strategy: fewest-tokens');
    const models = ['a', 'b'].map(
      (id) => `  - { model_name: m, litellm_params: { model: echo/echo }, model_info: { id: ${id} } }`,
    );
    const gateway = await startGateway({
      config: `${example}\nmodel_list:\n${models.join('\n')}\n`,
      files: { 'fewest-tokens.mjs': blockWith(plugins, 'js', 'strategy.fewest-tokens') },
    });
    const chosen = async (): Promise<string | null> => {
      const answer = await chat(gateway.url, 'm', { messages: [{ role: 'user', content: 'x'.repeat(1_200) }] });
      expect(answer.status).toBe(200);
      return answer.headers.get('x-litellm-model-id');
    };
    // 600 tokens a call and a slack of 500: whoever has fewer is next.
    expect([await chosen(), await chosen(), await chosen(), await chosen()]).toEqual(['a', 'b', 'a', 'b']);
    await gateway.stop();
  });

  it('shows a provider that calls its host and takes out what that refuses', async () => {
    const upstream = await startOpenAiUpstream();
    const gateway = await startGateway({
      config: blockWith(plugins, 'yaml', 'acme/large-2'),
      files: { 'acme.mjs': blockWith(plugins, 'js', 'provider.acme') },
      env: { ACME_API_KEY: 'sk-acme-made-up', ACME_API_BASE: `${upstream.url}/v1` },
    });
    const answer = await chat(gateway.url, 'large', { seed: 7, top_p: 0.5 });
    expect(answer.status).toBe(200);
    const { path, headers, body } = upstream.requests.at(-1)!;
    expect(path).toBe('/v1/chat/completions');
    expect(headers['authorization']).toBe('Bearer sk-acme-made-up');
    expect(body).toMatchObject({ model: 'large-2', top_p: 0.5 });
    expect(body).not.toHaveProperty('seed');
    await gateway.stop();
    await upstream.close();
  });
});
