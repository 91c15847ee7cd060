// Clients that bring their own address or key, where the operator allows it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGateway, type Gateway } from './harness.js';
import { startOpenAiUpstream } from '../upstreams/index.mjs';

type Upstream = Awaited<ReturnType<typeof startOpenAiUpstream>>;

let ours: Upstream;
let theirs: Upstream;
let gateway: Gateway;

beforeAll(async () => {
  ours = await startOpenAiUpstream({});
  theirs = await startOpenAiUpstream({});
  gateway = await startGateway({
    config: `
model_list:
  - model_name: open
    litellm_params:
      model: openai/gpt-4o
      api_base: ${ours.url}/v1
      api_key: sk-operator-key-1
      configurable_clientside_auth_params: [api_base, api_key]
  - model_name: closed
    litellm_params: { model: openai/gpt-4o, api_base: "${ours.url}/v1", api_key: sk-operator-key-1 }
general_settings:
  master_key: sk-master-1234
  allowed_hosts: [127.0.0.1]
`,
  });
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([ours.close(), theirs.close()]);
});

const chat = async (
  body: object,
): Promise<{ status: number; answer: { error?: { code: string; message: string } } }> => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-master-1234', 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }),
  });
  return { status: response.status, answer: (await response.json()) as never };
};

describe('client-side credentials', () => {
  it('calls with the key that the client brings, and sends no such field upstream', async () => {
    ours.reset();
    expect((await chat({ model: 'open', api_key: 'sk-client-key-22' })).status).toBe(200);
    const [request] = ours.requests;
    expect(request?.headers['authorization']).toBe('Bearer sk-client-key-22');
    expect(request?.body).not.toHaveProperty('api_key');
  });

  it("never sends the operator's key to an address that the client chose", async () => {
    theirs.reset();
    await chat({ model: 'open', api_base: `${theirs.url}/v1` });
    expect(theirs.requests.map(({ headers }) => headers['authorization'])).not.toContain('Bearer sk-operator-key-1');
    expect((await chat({ model: 'open', api_base: `${theirs.url}/v1`, api_key: 'sk-client-key-22' })).status).toBe(200);
    expect(theirs.requests.at(-1)?.headers['authorization']).toBe('Bearer sk-client-key-22');
  });

  it('refuses addresses inside the network that no setting opens', async () => {
    const { status, answer } = await chat({
      model: 'open',
      api_base: 'http://169.254.169.254/v1',
      api_key: 'sk-client-key-22',
    });
    expect([status, answer.error?.code]).toEqual([400, 'egress_refused']);
  });

  it('refuses them for a deployment that does not allow it', async () => {
    const { status, answer } = await chat({ model: 'closed', api_key: 'sk-client-key-22' });
    expect([status, answer.error?.code]).toEqual([400, 'forbidden_parameter']);
  });
});
