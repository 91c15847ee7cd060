// Models, credentials and settings that are kept in the ledger's database: live in every worker, and safe from one another.
import { spawn } from 'node:child_process';
import { connectLedger, type LedgerClient } from '@turnpike/rpc';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '../services/redis-server.js';
import { startOpenAiUpstream } from '../upstreams/index.mjs';
import { exchange, jsonOf, messages, okJson, send, type Json } from './client.js';
import { COMMAND, eventually, MASTER_KEY, newFolder, run, startGateway, withGateway, type Gateway } from './harness.js';
import { openAi, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(120_000);

/** Enough for each of two workers to get some. */
const CONNECTIONS = 16;
/** A change takes a second at most; the rest is for the calls that tell. */
const LIVE_MS = 1_500;

const HERE = { api_base: `${openAi.url}/v1`, api_key: PROVIDER_KEY };
const elsewhere = await startOpenAiUpstream();
afterAll(() => elsewhere.close());

const CONFIG = {
  model_list: [{ model_name: 'own', litellm_params: { model: 'openai/own', ...HERE }, model_info: { id: 'own-1' } }],
  credential_list: [{ credential_name: 'house', credential_values: { api_key: 'sk-house-0123456789ab' } }],
  general_settings: { api_env_names: ['LISTED_KEY'] },
};
const ENV = { STORE_MODEL_IN_DB: 'True', LISTED_KEY: 'sk-listed-0123456789ab', OPENAI_API_KEY: 'sk-hidden-0123456789' };
const SALT = { LITELLM_SALT_KEY: 'salt-of-the-spec' };

let gateway: Gateway;
let ledger: LedgerClient;
const grpc = `127.0.0.1:${await freePort()}`;

beforeAll(async () => {
  gateway = await startGateway({
    hasLedger: true,
    config: CONFIG,
    env: { ...ENV, ...SALT, TURNPIKE_GRPC_ADDRESS: grpc },
    args: ['--num_workers', '2'],
  });
  ledger = connectLedger({ address: grpc, token: MASTER_KEY });
  // A new ledger makes its tables first, and each worker finds it when it is up.
  await eventually(
    () => Promise.all(Array.from({ length: CONNECTIONS }, () => exchange(gateway, '/credentials'))),
    (answers) => answers.every(({ status }) => status === 200),
    30_000,
  );
});
afterAll(async () => {
  ledger.close();
  await gateway.kill();
});

const asked = async (method: string, path: string, body?: object, key = MASTER_KEY): Promise<[number, Json]> => {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return [response.status, await jsonOf(response)];
};
const done = async (method: string, path: string, body?: object): Promise<Json> => {
  const [status, answer] = await asked(method, path, body);
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(answer)}`);
  return answer;
};
const refused = async (method: string, path: string, body?: object, key?: string): Promise<[number, string]> => {
  const [status, { error }] = await asked(method, path, body, key);
  return [status, error.message];
};
const add = (name: string, params: object = {}, info: object = {}): Promise<Json> =>
  done('POST', '/model/new', {
    model_name: name,
    litellm_params: { model: `openai/${name}`, ...HERE, ...params },
    model_info: { id: `${name}-id`, ...info },
  });

interface Answer {
  status: number;
  deployment: unknown;
  code: unknown;
}
/** One call on a connection of its own. */
const call = async (model: string, key = MASTER_KEY, at: Pick<Gateway, 'url'> = gateway): Promise<Answer> => {
  const { status, headers, body } = await exchange(at, '/v1/chat/completions', { key, body: { model, messages } });
  const { error } = JSON.parse(body.toString());
  return { status, deployment: headers['x-litellm-model-id'], code: error?.code };
};
/** On so many connections that every worker gets some. */
const callOnEach = (model: string, key?: string): Promise<Answer[]> =>
  Promise.all(Array.from({ length: CONNECTIONS }, () => call(model, key)));
/** It becomes so within the time that a change may take. */
const soon = async <T>(look: () => Promise<T>, isGood: (seen: T) => boolean): Promise<void> => {
  const from = Date.now();
  await eventually(look, isGood);
  expect(Date.now() - from).toBeLessThan(LIVE_MS);
};
/** Every worker answers so. */
const everywhere = (model: string, isGood: (answer: Answer) => boolean, key?: string): Promise<void> =>
  soon(
    () => callOnEach(model, key),
    (answers) => answers.every(isGood),
  );
/** Every worker calls the provider so. */
const everywhereSent = (model: string, sent: { key: string; model?: string }): Promise<void> =>
  soon(
    async () => {
      const before = openAi.requests.length;
      await callOnEach(model);
      return openAi.requests.slice(before);
    },
    (requests) =>
      requests.length === CONNECTIONS &&
      requests.every(
        ({ headers, body }) => headers.authorization === `Bearer ${sent.key}` && body.model === (sent.model ?? model),
      ),
  );
const served = ({ status }: Answer): boolean => status === 200;
const unknown = ({ code }: Answer): boolean => code === 'model_not_found';
const infoOf = async (id: string): Promise<Json> => (await done('GET', `/model/info?litellm_model_id=${id}`)).data[0];
const degraded = async (): Promise<string[]> => (await okJson(send(gateway, '/health/readiness'))).degraded;

describe('a stored model', () => {
  it('is called by every worker within a second, is changed, and is gone within a second', async () => {
    const made = await add('live', { rpm: 100 }, { mode: 'chat' });
    expect(made).toMatchObject({
      model_id: 'live-id',
      model_name: 'live',
      litellm_params: { model: 'openai/live', api_key: 'sk-…6789', rpm: 100 },
      model_info: { id: 'live-id', db_model: true, mode: 'chat' },
      created_by: 'default_user_id',
    });
    await everywhere('live', ({ status, deployment }) => status === 200 && deployment === 'live-id');

    const changed = await done('PATCH', '/model/live-id/update', {
      litellm_params: { model: 'openai/changed', api_key: 'sk-…6789', rpm: null },
    });
    expect(changed.litellm_params).not.toHaveProperty('rpm');
    await everywhereSent('live', { key: PROVIDER_KEY, model: 'changed' });
    await done('POST', '/model/update', { model_name: 'renamed', model_info: { id: 'live-id' } });
    await everywhere('renamed', served);
    await everywhere('live', unknown);

    await done('PATCH', '/model/live-id/update', { blocked: true });
    await everywhere('renamed', unknown);
    await done('PATCH', '/model/live-id/update', { blocked: false });
    await everywhere('renamed', served);

    expect(await done('POST', '/model/delete', { id: 'live-id' })).toEqual({
      message: 'Model: live-id deleted successfully',
    });
    await everywhere('renamed', unknown);
    expect((await refused('POST', '/model/delete', { id: 'live-id' }))[0]).toBe(404);
  });

  it('joins the group of the file that has its name', async () => {
    await add('own', {}, { id: 'own-2' });
    const seen = new Set<unknown>();
    await eventually(
      async () => seen.add((await call('own')).deployment).size,
      (count) => count === 2,
    );
    expect(seen).toEqual(new Set(['own-1', 'own-2']));
    expect((await refused('PATCH', '/model/own-1/update', { litellm_params: { rpm: 1 } }))[1]).toMatch(
      /comes from the configuration file/,
    );
    await done('POST', '/model/delete', { id: 'own-2' });
  });

  it('leaves calls under way alone while it changes, twenty times at once', async () => {
    await add('busy');
    let isOver = false;
    const failures: Answer[] = [];
    const caller = async (): Promise<void> => {
      while (!isOver) {
        const answer = await call('own');
        if (answer.status !== 200) failures.push(answer);
      }
    };
    const callers = [caller(), caller(), caller()];
    const changes = Array.from({ length: 20 }, (_, index) =>
      ledger.models.updateModel({ modelId: 'busy-id', litellmParams: { rpm: 100 + index } }),
    );
    await Promise.all(changes);
    await eventually(
      async () => (await infoOf('busy-id')).litellm_params.rpm,
      (rpm) => rpm >= 100 && rpm <= 119,
    );
    isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    await done('POST', '/model/delete', { id: 'busy-id' });
  });

  it('takes its credential’s values, and follows them', async () => {
    await done('POST', '/credentials', {
      credential_name: 'shared',
      credential_values: { api_key: 'sk-one-0123456789ab' },
    });
    const { api_base } = HERE;
    await add('borrowing', { api_key: null, api_base, litellm_credential_name: 'shared' });
    await everywhereSent('borrowing', { key: 'sk-one-0123456789ab' });
    await done('PATCH', '/credentials/shared', { credential_values: { api_key: 'sk-two-0123456789ab' } });
    await everywhereSent('borrowing', { key: 'sk-two-0123456789ab' });
    expect(await done('GET', '/credentials/by_name/shared')).toMatchObject({
      credential_name: 'shared',
      credential_values: { api_key: 'sk-…89ab' },
    });
    expect((await done('GET', '/credentials')).credentials.map((one: Json) => one.credential_name)).toEqual([
      'house',
      'shared',
    ]);
    await done('DELETE', '/credentials/shared');
    await everywhere('borrowing', unknown);
    await eventually(degraded, (told) => told.some((one) => /borrowing .* is off: .*'shared'/.test(one)));
    await done('POST', '/model/delete', { id: 'borrowing-id' });
    await eventually(degraded, (told) => told.length === 0);
  });

  it('may use the variables that are listed', async () => {
    await add('listed', { api_key: 'os.environ/LISTED_KEY' });
    await everywhereSent('listed', { key: ENV.LISTED_KEY });
    expect((await infoOf('listed-id')).litellm_params.api_key).toBe('sk-…89ab');
    await done('POST', '/model/delete', { id: 'listed-id' });
  });

  it('of a team is that team’s alone, under the name that it has there', async () => {
    const { team_id: team } = await done('POST', '/team/new', { team_alias: 'red', models: ['own'] });
    const { key: ofTeam } = await done('POST', '/key/generate', { team_id: team, models: ['all-team-models'] });
    const { key: ofNobody } = await done('POST', '/key/generate', {});
    const made = await add('house-model', {}, { team_id: team });
    expect(made).toMatchObject({ model_info: { team_id: team, team_public_model_name: 'house-model' } });
    expect(made.model_name).toMatch(`model_name_${team}_`);
    await everywhere('house-model', served, ofTeam);
    await everywhere('house-model', unknown, ofNobody);
    await everywhere('house-model-id', unknown, ofNobody);
    await everywhere(made.model_name, ({ status }) => status >= 400, ofNobody);
    const names = async (key: string): Promise<string[]> =>
      (await okJson(send(gateway, '/v1/models', { key }))).data.map(({ id }: Json) => id).sort();
    expect([await names(ofTeam), await names(ofNobody)]).toEqual([['house-model', 'own'], ['own']]);
    const [, seen] = await asked('GET', '/model/info', undefined, ofTeam);
    expect(seen.data.map((one: Json) => [one.model_name, Object.keys(one.litellm_params)])).toEqual([
      ['own', ['model']],
      ['house-model', ['model']],
    ]);
    await done('POST', '/team/delete', { team_ids: [team] });
    await eventually(
      async () => (await done('GET', '/model/info')).data.length,
      (count) => count === 1,
    );
  });
});

describe('what may not be stored', () => {
  it.each<[string, object, RegExp]>([
    ['an address that is not public', { api_base: 'http://10.1.2.3/v1' }, /not a public address/],
    ['a name that leads there', { api_base: 'http://localhost:1/v1' }, /not a public address/],
    ['a metadata service', { api_base: 'http://169.254.169.254/latest' }, /metadata/],
    ['a port next to one of the file', { api_base: `${elsewhere.url}/v1` }, /not a public address/],
    ['another scheme', { api_base: 'file:///etc/passwd' }, /api_base/],
    ['a variable that is not listed', { api_key: 'os.environ/OPENAI_API_KEY' }, /api_env_names/],
    ['no key, though the environment has one', { api_key: null, api_base: null }, /api_env_names/],
    ['a credential of the file for another address', { litellm_credential_name: 'house' }, /configuration file's/],
    ['code', { custom_handler: 'os.system' }, /configuration file only/],
    ['a provider that there is not', { model: 'no-such-provider/x' }, /could not be called/],
    ['what is no number', { rpm: 'many' }, /rpm must be/],
    ['a negative price', { input_cost_per_token: -1 }, /input_cost_per_token/],
  ])('%s is refused, and the provider hears nothing', async (_title, params, message) => {
    const body = { model_name: 'bad', litellm_params: { model: 'openai/bad', ...HERE, ...params } };
    expect(await refused('POST', '/model/new', body)).toEqual([400, expect.stringMatching(message)]);
    expect([openAi.requests.length, elsewhere.requests.length]).toEqual([0, 0]);
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['a list', []],
    ['a name that is a number', { model_name: 5, litellm_params: { model: 'openai/x' } }],
    ['parameters that are a text', { model_name: 'x', litellm_params: 'openai/x' }],
    ['a model that is an object', { model_name: 'x', litellm_params: { model: {} } }],
    ['SQL', { model_name: "x'); DROP TABLE turnpike.models; --", litellm_params: {} }],
    ['a prototype', { model_name: 'x', litellm_params: { ['__proto__']: { model: 'openai/x' } } }],
  ])('%s is refused with 400', async (_title, body) => {
    expect((await refused('POST', '/model/new', body as object))[0]).toBe(400);
  });

  it('an id that the file has', async () => {
    const body = { model_name: 'x', litellm_params: { model: 'openai/x', ...HERE }, model_info: { id: 'own-1' } };
    expect(await refused('POST', '/model/new', body)).toEqual([409, expect.stringContaining("'own-1'")]);
  });

  it('comes past the gateway and is not called either', async () => {
    const past = (modelId: string, litellmParams: object): Promise<unknown> =>
      ledger.models.createModel({ model: { modelId, modelName: modelId, litellmParams } });
    await past('led-away', { model: 'openai/x', api_key: 'sk-own-0123456789ab', api_base: `${elsewhere.url}/v1` });
    await past('senseless', { model: 'openai/x', api_key: 'sk-own-0123456789ab', rpm: 'many' });
    await eventually(
      () => degraded(),
      (states) => states.some((state) => /senseless .* is off: .*rpm/.test(state)),
    );
    expect(await call('led-away')).toMatchObject({ status: 400, code: 'egress_refused' });
    expect(elsewhere.requests).toHaveLength(0);
    expect(await call('own')).toMatchObject({ status: 200 });
    for (const id of ['led-away', 'senseless']) await done('POST', '/model/delete', { id });
  });

  it('by anybody but admins', async () => {
    const { key } = await done('POST', '/key/generate', {});
    const body = { model_name: 'x', litellm_params: { model: 'openai/x', ...HERE } };
    for (const [method, path, sent] of [
      ['POST', '/model/new', body],
      ['POST', '/model/delete', { id: 'x' }],
      ['POST', '/credentials', { credential_name: 'x', credential_values: { api_key: 'x' } }],
      ['GET', '/credentials', undefined],
      ['POST', '/config/update', { router_settings: { num_retries: 1 } }],
      ['GET', '/config/list', undefined],
      ['GET', '/get/config/callbacks', undefined],
    ] as const)
      expect([path, (await refused(method, path, sent, key))[0]]).toEqual([path, path === '/model/delete' ? 404 : 403]);
  });
});

describe('a stored setting', () => {
  it('holds in every worker within a second, and what the file says counts again when it is gone', async () => {
    expect(await done('POST', '/config/update', { router_settings: { model_group_alias: { nick: 'own' } } })).toEqual({
      message: 'Config updated successfully',
    });
    await everywhere('nick', served);
    expect((await done('GET', '/config/list?config_type=router_settings')) as Json[]).toContainEqual(
      expect.objectContaining({ field_name: 'model_group_alias', field_value: { nick: 'own' }, stored_in_db: true }),
    );
    expect(
      await done('POST', '/config/field/update', {
        config_type: 'router_settings',
        field_name: 'num_retries',
        field_value: 4,
      }),
    ).toEqual({ param_name: 'router_settings', param_value: { model_group_alias: { nick: 'own' }, num_retries: 4 } });
    await eventually(
      async () => (await done('GET', '/router/settings')).current_values.num_retries as number,
      (retries) => retries === 4,
    );
    for (const name of ['model_group_alias', 'num_retries'])
      await done('POST', '/config/field/delete', { config_type: 'router_settings', field_name: name });
    await everywhere('nick', unknown);
    expect(await done('GET', '/config/field/info?field_name=num_retries')).toMatchObject({ stored_in_db: null });
  });

  it.each<[object, RegExp]>([
    [{ general_settings: { master_key: 'sk-theirs' } }, /configuration file/],
    [
      { general_settings: { pass_through_endpoints: [{ path: '/x', target: 'http://10.0.0.1' }] } },
      /configuration file/,
    ],
    [{ general_settings: { allowed_hosts: ['0.0.0.0/0'] } }, /configuration file/],
    [{ litellm_settings: { custom_provider_map: [] } }, /configuration file/],
    [{ environment_variables: { OPENAI_BASE_URL: 'http://evil.example' } }, /from the environment/],
    [{ router_settings: { num_retries: -1 } }, /whole number/],
    [{ router_settings: { fallbacks: 'own' }, general_settings: { port: 1 } }, /configuration file/],
    [{}, /at least one of/],
  ])('%j is refused, and nothing of it is stored', async (body, message) => {
    expect(await refused('POST', '/config/update', body)).toEqual([400, expect.stringMatching(message)]);
    expect((await ledger.settings.listSettings({})).settings.flatMap(({ value }) => Object.keys(value ?? {}))).toEqual(
      [],
    );
  });
});

describe('model info', () => {
  it('tells admins all but secrets, others what they may use, and comes in pages', async () => {
    const { data } = await done('GET', '/v1/model/info');
    expect(data).toMatchObject([
      {
        model_name: 'own',
        litellm_params: { model: 'openai/own', api_base: HERE.api_base, api_key: 'sk-…6789' },
        model_info: { id: 'own-1', db_model: false, litellm_provider: 'openai' },
      },
    ]);
    expect(await done('GET', '/v2/model/info?search=OWN&size=1&page=1')).toMatchObject({
      total_count: 1,
      total_pages: 1,
      current_page: 1,
      size: 1,
    });
    expect((await done('GET', '/v2/model/info?search=nothing')).data).toEqual([]);
    expect((await done('GET', '/model_group/info?model_group=own')).data).toMatchObject([
      { model_group: 'own', providers: ['openai'] },
    ]);
    expect((await refused('GET', '/model/info?litellm_model_id=nobody'))[0]).toBe(400);
    expect((await refused('GET', '/model_group/info?model_group=nobody'))[0]).toBe(404);
    const { key } = await done('POST', '/key/generate', { models: ['other'] });
    expect((await asked('GET', '/model/info', undefined, key))[1]).toEqual({ data: [] });
  });
});

/** The last of this file: it ends the gateway. */
it('all of it is there again after a restart, with the right salt key only', async () => {
  await add('kept');
  await done('POST', '/config/update', { router_settings: { model_group_alias: { kept_too: 'kept' } } });
  await gateway.stop();
  const again = { folder: gateway.folder, env: { ...ENV, LITELLM_MASTER_KEY: MASTER_KEY } };
  const wrong = await run({ ...again, env: { ...again.env, LITELLM_SALT_KEY: 'wrong' }, args: ['--port', '0'] });
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringContaining('sealed with another key. Set LITELLM_SALT_KEY'),
  ]);
  await withGateway({ ...again, env: { ...again.env, ...SALT }, hasLedger: true }, async (reborn) => {
    // At the first call: what is stored is known before the first connection is taken.
    expect([await call('kept', MASTER_KEY, reborn), await call('kept_too', MASTER_KEY, reborn)]).toMatchObject([
      { status: 200 },
      { status: 200 },
    ]);
  });
});

it('what is stored comes when the ledger does, and the file’s models serve until then', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const shared = { ...ENV, ...SALT, LITELLM_MASTER_KEY: MASTER_KEY, TURNPIKE_GATEWAY_TOKEN: 'token-of-the-spec' };
  const alone = await startGateway({ config: CONFIG, env: { ...shared, LEDGER_ADDRESS: address } });
  const states = async (): Promise<string[]> => (await okJson(send(alone, '/health/readiness'))).degraded;
  expect(await call('own', MASTER_KEY, alone)).toMatchObject({ status: 200 });
  expect(await call('later', MASTER_KEY, alone)).toMatchObject({ status: 503, code: 'ledger_unavailable' });
  expect(await states()).toContainEqual(expect.stringMatching(/^stored_configuration_awaited/));

  const { PATH = '' } = process.env;
  const late = spawn(process.execPath, [COMMAND, 'ledger', '--grpc-address', address], {
    cwd: newFolder(),
    env: { PATH, ...shared },
    stdio: 'ignore',
    detached: true,
  });
  const end = (): boolean => process.kill(-late.pid!, 'SIGKILL');
  const admin = connectLedger({ address, token: MASTER_KEY });
  const model = { modelName: 'later', litellmParams: { model: 'openai/later', ...HERE } };
  await eventually(
    () =>
      admin.models.createModel({ model }).then(
        () => true,
        () => false,
      ),
    (isMade) => isMade,
    30_000,
  );
  await eventually(() => call('later', MASTER_KEY, alone), served);
  // Each part of the gateway hears of it for itself.
  await eventually(states, (told) => told.length === 0);
  expect(await call('nobody', MASTER_KEY, alone)).toMatchObject({ status: 400, code: 'model_not_found' });
  // What is here stays, whoever goes.
  end();
  await eventually(states, (told) => told.some((state) => state.startsWith('ledger_away')));
  expect(await call('later', MASTER_KEY, alone)).toMatchObject({ status: 200 });
  admin.close();
  await alone.kill();
});

it('without STORE_MODEL_IN_DB nothing is stored, and it is told what to do', async () => {
  await withGateway({ hasLedger: true, config: CONFIG }, async (plain) => {
    await eventually(
      async () => (await send(plain, '/team/list')).status,
      (status) => status === 200,
      30_000,
    );
    const body = { model_name: 'x', litellm_params: { model: 'openai/x', ...HERE } };
    const { error } = await jsonOf(await send(plain, '/model/new', { body }));
    expect(error.message).toMatch(/Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature/);
  });
});

it('without a ledger there is model info all the same', async () => {
  await withGateway({ config: CONFIG }, async (alone) => {
    expect((await okJson(send(alone, '/model/info'))).data).toMatchObject([{ model_name: 'own' }]);
    expect((await okJson(send(alone, '/model_group/info'))).data).toMatchObject([{ model_group: 'own' }]);
    const { error } = await jsonOf(await send(alone, '/model/new', { body: {} }));
    expect(error.type).toBe('no_db_connection');
    expect((await send(alone, '/model/info', { key: null })).status).toBe(401);
  });
});
