// Whose answers are whose, and what a key lets its requests say of caching: a gateway with its ledger.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chat, okJson, send, type Json } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';
import { deployment, openAi } from './upstreams.js';

jest.setTimeout(120_000);

let gateway: Gateway;
let team: string;
beforeAll(async () => {
  gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: ['gpt-4o', 'brief', 'never'].map((name) =>
        deployment(name, 'openai/gpt-4o', { input_cost_per_token: 0.001, output_cost_per_token: 0.001 }),
      ),
      litellm_settings: {
        cache: true,
        cache_params: { type: 'local', model_group_ttl: { brief: 1, never: 0 } },
      },
    },
  });
  await eventually(
    async () => (await send(gateway, '/key/list')).status,
    (status) => status === 200,
    30_000,
  );
  team = (await post('/team/new', { team_alias: 'one' })).team_id;
});
afterAll(() => gateway.stop());

const post = (path: string, body: object): Promise<Json> => okJson(send(gateway, path, { body }));
const aKey = async (wish: object = {}): Promise<string> => (await post('/key/generate', wish)).key;

let serial = 0;
const aQuestion = (model = 'gpt-4o'): { model: string; messages: object[] } => ({
  model,
  messages: [{ role: 'user', content: `Asked by callers ${(serial += 1)}` }],
});

interface Asked {
  status: number;
  isHit: boolean;
  body: Json;
}
const ask = async (key: string | undefined, question: object, controls: object = {}): Promise<Asked> => {
  const response = await chat(gateway, { ...question, ...controls }, { key });
  return {
    status: response.status,
    isHit: response.headers.get('x-litellm-cache-hit') === 'True',
    body: await response.json(),
  };
};
const isHit = async (key: string | undefined, question: object, controls?: object): Promise<boolean> =>
  (await ask(key, question, controls)).isHit;

describe('answers', () => {
  it('of a key are its own, those of a team its keys’, and those of the master key its own', async () => {
    const [alone, other, first, second] = [
      await aKey(),
      await aKey(),
      await aKey({ team_id: team }),
      await aKey({ team_id: team }),
    ];
    const question = aQuestion();
    const seen: [string, boolean][] = [];
    const steps: [string, string | undefined][] = [
      ['a key', alone],
      ['the same key', alone],
      ['another key', other],
      ['a key of a team', first],
      ['another of that team', second],
      ['the master key', undefined],
      ['the master key again', undefined],
    ];
    for (const [who, key] of steps) seen.push([who, await isHit(key, question)]);
    expect(seen.filter(([, hit]) => hit).map(([who]) => who)).toEqual([
      'the same key',
      'another of that team',
      'the master key again',
    ]);
    expect(openAi.requests).toHaveLength(4);
  });

  it('cost nothing, and are a call of the key like any other', async () => {
    const key = await aKey({ max_budget: 1_000, rpm_limit: 3, tpm_limit: 100_000 });
    const question = aQuestion();
    const first = await ask(key, question);
    const again = await ask(key, question);
    expect([again.isHit, again.body.id]).toEqual([true, first.body.id]);
    await ask(key, question);
    expect((await ask(key, question)).status).toBe(429);
    const cost = (first.body.usage.total_tokens as number) * 0.001;
    const spent = await eventually(
      async () => (await okJson(send(gateway, `/key/info?key=${key}`))).info.spend as number,
      (spend) => spend > 0,
    );
    expect(spent).toBeCloseTo(cost, 9);
  });
});

describe('what a request may say', () => {
  it('is what allowed_cache_controls lists', async () => {
    const key = await aKey({ allowed_cache_controls: ['no-cache', 'ttl'] });
    const question = aQuestion();
    await ask(key, question);
    expect(await ask(key, question, { cache: { 'no-cache': true } })).toMatchObject({ status: 200, isHit: false });
    const refused = await ask(key, question, { cache: { 'no-store': true } });
    expect(refused).toMatchObject({ status: 403, body: { error: { param: 'cache' } } });
    expect(refused.body.error.message).toContain('Not allowed to set no-store as a cache control');
  });

  it('gives way to the controls in the metadata of its key, or of the team of that', async () => {
    const silent = await aKey({ metadata: { cache: { 'no-cache': true, 'no-store': true } } });
    const question = aQuestion();
    await ask(silent, question);
    expect(await isHit(silent, question, { cache: { ttl: 60 } })).toBe(false);
    const { team_id } = await post('/team/new', { metadata: { cache: { namespace: 'theirs' } } });
    const one = await aKey({ team_id });
    await ask(one, question, { cache: { namespace: 'mine' } });
    expect(await isHit(one, question)).toBe(true);
  });

  it.each([
    ['nothing with ttl: 0', 'gpt-4o', { cache: { ttl: 0 } }],
    ['nothing where the model has a ttl of 0', 'never', {}],
  ])('keeps %s', async (_title, model, controls) => {
    const question = aQuestion(model);
    await ask(undefined, question, controls);
    expect(await isHit(undefined, question, controls)).toBe(false);
  });

  it('may keep longer, or at all, than the ttl of the model says', async () => {
    const question = aQuestion('never');
    await ask(undefined, question, { cache: { ttl: 60 } });
    expect(await isHit(undefined, question)).toBe(true);
    const brief = aQuestion('brief');
    await ask(undefined, brief);
    expect(await isHit(undefined, brief, { cache: { 'no-store': true } })).toBe(true);
    await eventually(
      () => isHit(undefined, brief, { cache: { 'no-store': true } }),
      (hit) => !hit,
    );
  });

  it.each([
    [{ cache: 'yes' }, "'cache' must be an object of controls, or false."],
    [{ cache: [] }, "'cache' must be an object of controls, or false."],
    [{ cache: { ttl: 'long' } }, "'cache.ttl' must be a number of seconds, 0 or more."],
    [{ cache: { ttl: -1 } }, "'cache.ttl' must be a number of seconds, 0 or more."],
    [{ cache: { 's-maxage': {} } }, "'cache.s-maxage' must be a number of seconds, 0 or more."],
    [{ cache: { 'no-cache': 'yes' } }, "'cache.no-cache' must be true or false."],
    [{ cache: { namespace: 5 } }, "'cache.namespace' must be a string."],
  ])('is refused where it makes no sense: %j', async (controls, message) => {
    expect(await ask(undefined, aQuestion(), controls)).toMatchObject({
      status: 400,
      body: { error: { message, param: 'cache' } },
    });
  });

  it.each([{ cache: null }, { cache: true }, { cache: { ttl: 1e300 } }, { cache: { unheard: 'of', ttl: null } }])(
    'is taken as it is meant: %j',
    async (controls) => {
      const question = aQuestion();
      expect((await ask(undefined, question, controls)).status).toBe(200);
      expect(await isHit(undefined, question)).toBe(true);
    },
  );
});
