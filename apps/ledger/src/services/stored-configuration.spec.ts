import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AddTeamMembersRequest,
  CreateCredentialRequest,
  CreateModelRequest,
  CreateTeamRequest,
  ListCredentialsRequest,
  ListModelsRequest,
  UpdateCredentialRequest,
  UpdateModelRequest,
  UpdateSettingRequest,
  type Credential,
  type PartialOf,
  type StoredModel,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { Changes } from '../repositories/changes.js';
import { SecretBox } from '../storage/secret-box.js';
import type { Caller } from './caller.js';
import { ConfigurationService } from './configuration.service.js';
import { CredentialService } from './credential.service.js';
import { ModelService } from './model.service.js';
import { SettingService } from './setting.service.js';
import { TeamMemberService } from './team-member.service.js';
import { TeamService } from './team.service.js';

const KEY = 'sk-upstream-0123456789abcd';
const PARAMS = { model: 'openai/gpt-4o', api_key: KEY };
const DENIED = { code: 'GW_PERMISSION_DENIED' };
const NOT_FOUND = { code: 'GW_NOT_FOUND' };
const EXISTS = { code: 'GW_ALREADY_EXISTS' };

describeOnEachDatabase('what is configured by API', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let models: ModelService;
  let credentials: CredentialService;
  let settings: SettingService;

  beforeAll(async () => {
    ledger = await aLedger(database().storage, { apiEnvNames: ['ALLOWED'] });
    models = ledger.get(ModelService);
    credentials = ledger.get(CredentialService);
    settings = ledger.get(SettingService);
  });

  beforeEach(async () => await clear(database().storage));

  const aModel = async (model: PartialOf<typeof StoredModel> = {}, caller: Caller = ADMIN): Promise<StoredModel> => {
    const request = { model: { modelId: 'm1', modelName: 'gpt-4o', litellmParams: PARAMS, ...model } };
    return (await models.create(caller, CreateModelRequest.fromPartial(request))).model;
  };
  const change = async (request: PartialOf<typeof UpdateModelRequest>, caller: Caller = ADMIN): Promise<StoredModel> =>
    (await models.update(caller, UpdateModelRequest.fromPartial({ modelId: 'm1', ...request }))).model;
  const aCredential = async (some: PartialOf<typeof Credential> = {}, caller: Caller = ADMIN): Promise<Credential> => {
    const credential = { credentialName: 'openai', credentialValues: { api_key: KEY }, ...some };
    return (await credentials.create(caller, CreateCredentialRequest.fromPartial({ credential }))).credential;
  };
  const set = (paramName: string, value: object, replace = false, caller: Caller = ADMIN) =>
    settings.update(caller, UpdateSettingRequest.fromPartial({ paramName, value, replace }));
  const load = () => ledger.get(ConfigurationService).load();
  const clock = () => ledger.get(Changes).latest(database().manager);
  const changesSince = async (since: number) =>
    (await ledger.get(Changes).since(database().manager, since)).changes.map(({ kind, id }) => `${kind} ${id}`);
  const rows = async (sql: string) => JSON.stringify(await database().dataSource.query(sql));
  const aTeam = async () => {
    await ledger.get(TeamService).create(ADMIN, CreateTeamRequest.fromPartial({ team: { teamId: 'red' } }));
    const members = [
      { userId: 'ann', role: 'admin' },
      { userId: 'bob', role: 'user' },
    ];
    await ledger.get(TeamMemberService).add(ADMIN, AddTeamMembersRequest.fromPartial({ teamId: 'red', members }));
  };

  describe('models', () => {
    it('are kept sealed, told masked, and in clear to gateways only', async () => {
      const since = await clock();
      const made = await aModel({ modelInfo: { mode: 'chat' } });
      expect(made).toMatchObject({
        modelId: 'm1',
        modelName: 'gpt-4o',
        litellmParams: { model: 'openai/gpt-4o', api_key: 'sk-…abcd' },
        modelInfo: { mode: 'chat' },
        authorship: { createdBy: 'default_user_id' },
      });
      expect(await changesSince(since)).toEqual(['model m1']);
      expect(await rows('SELECT * FROM turnpike.models')).not.toContain(KEY);
      expect(await rows('SELECT * FROM turnpike.audit_log')).not.toContain(KEY);
      expect(await rows('SELECT action, table_name, object_id FROM turnpike.audit_log')).toContain(
        '{"action":"created","table_name":"LiteLLM_ProxyModelTable","object_id":"m1"}',
      );
      expect(await models.get(ADMIN, { modelId: 'm1' })).toEqual({ model: made });
      const { models: loaded, sequence } = await load();
      expect(loaded).toMatchObject([{ modelId: 'm1', litellmParams: PARAMS }]);
      expect(sequence).toBe(await clock());
    });

    it('get an id where none is given, once', async () => {
      expect((await aModel({ modelId: '' })).modelId).toMatch(/^[0-9a-f-]{36}$/);
      expect((await aModel({ modelId: '', modelInfo: { id: 'own' } })).modelId).toBe('own');
      await expect(aModel({ modelId: 'own' })).rejects.toMatchObject(EXISTS);
    });

    it('are changed field by field: null takes one away, a mask leaves the secret', async () => {
      await aModel({ litellmParams: { ...PARAMS, rpm: 5, timeout: 3 }, modelInfo: { mode: 'chat', note: 'x' } });
      const since = await clock();
      await change({ litellmParams: { rpm: 9, timeout: null, api_key: 'sk-…abcd' }, modelInfo: { note: null } });
      expect(await changesSince(since)).toEqual(['model m1']);
      expect((await load()).models).toMatchObject([
        { litellmParams: { ...PARAMS, rpm: 9 }, modelInfo: { mode: 'chat' } },
      ]);
      expect((await load()).models[0]!.litellmParams).not.toHaveProperty('timeout');
      await change({ modelName: 'other', litellmParams: { model: 'openai/o1', api_key: 'sk-…abcd' }, replace: true });
      expect((await load()).models).toMatchObject([
        { modelName: 'other', litellmParams: { model: 'openai/o1', api_key: KEY }, modelInfo: {} },
      ]);
    });

    it('that are blocked are not told to gateways', async () => {
      await aModel();
      await models.block(ADMIN, { modelId: 'm1', blocked: true });
      expect((await load()).models).toEqual([]);
      await models.block(ADMIN, { modelId: 'm1', blocked: false });
      expect((await load()).models).toHaveLength(1);
    });

    it('are deleted, and listed by name and by what they are called', async () => {
      await aModel();
      await aModel({ modelId: 'm2', modelName: 'claude_3' });
      const list = async (some: PartialOf<typeof ListModelsRequest>) =>
        (await models.list(ADMIN, ListModelsRequest.fromPartial(some))).models.map(({ modelId }) => modelId).sort();
      expect(await list({})).toEqual(['m1', 'm2']);
      expect(await list({ search: 'CLAUDE_' })).toEqual(['m2']);
      expect(await list({ modelName: 'gpt-4o' })).toEqual(['m1']);
      expect(await list({ search: "'; DROP TABLE turnpike.models; --" })).toEqual([]);
      await models.delete(ADMIN, { modelId: 'm1' });
      await expect(models.delete(ADMIN, { modelId: 'm1' })).rejects.toMatchObject(NOT_FOUND);
      expect(await list({})).toEqual(['m2']);
    });

    it.each<[string, PartialOf<typeof StoredModel>, RegExp]>([
      ['without a name', { modelName: ' ' }, /model_name is missing/],
      ['without a model', { litellmParams: { api_key: 'k' } }, /litellm_params.model is missing/],
      ['with a model that is no text', { litellmParams: { model: 5 } }, /litellm_params.model is missing/],
      ['with a control character', { modelName: 'a\u0007b' }, /control character/],
      ['with too many stars', { modelName: '*/*/*/*' }, /more than 3 stars/],
      ['with a hidden variable', { litellmParams: { ...PARAMS, api_key: 'os.environ/HOME' } }, /api_env_names/],
      ['with one further inside', { litellmParams: { ...PARAMS, extra_headers: { x: ' os.environ/HOME' } } }, /HOME/],
      ['with code', { litellmParams: { ...PARAMS, custom_handler: 'a.b' } }, /configuration file only/],
      ['with a file', { litellmParams: { ...PARAMS, key_file: '/etc/passwd' } }, /configuration file only/],
      ['with a file in place of a document', { litellmParams: { ...PARAMS, some_credentials: '/x.json' } }, /as JSON/],
      ['with a mask in place of a secret', { litellmParams: { ...PARAMS, api_key: 'sk-…abcd' } }, /is masked/],
      ['with what is no number', { litellmParams: { ...PARAMS, rpm: NaN } }, /rpm is not a number/],
      ['with too much', { litellmParams: { ...PARAMS, note: 'x'.repeat(70_000) } }, /65536 are the most/],
      ['with a NUL in what is not sealed', { modelInfo: { note: 'a\0b' } }, /NUL/],
      ['of a team that there is not', { teamId: 'nobody' }, /no such team/],
    ])('are refused %s', async (_title, model, message) => {
      await expect(aModel(model)).rejects.toThrow(message);
      expect((await load()).models).toEqual([]);
    });

    it('may name the variables that are listed', async () => {
      await aModel({ litellmParams: { ...PARAMS, api_key: 'os.environ/ALLOWED' } });
      expect((await load()).models).toMatchObject([{ litellmParams: { api_key: 'os.environ/ALLOWED' } }]);
    });

    it('of a team have a name there, and an inner one that nobody else has', async () => {
      await aTeam();
      const made = await aModel({ modelInfo: { team_id: 'red' } });
      expect(made).toMatchObject({ teamId: 'red', teamPublicModelName: 'gpt-4o', modelInfo: {} });
      expect(made.modelName).toMatch(/^model_name_red_[0-9a-f-]{36}$/);
      const renamed = await change({ modelName: 'house', modelInfo: { id: 'm1', team_id: 'red' } });
      expect([renamed.teamPublicModelName, renamed.modelName]).toEqual(['house', made.modelName]);
      expect(await change({ modelName: made.modelName })).toMatchObject({ teamPublicModelName: 'house' });
      await expect(change({ modelInfo: { team_id: 'blue' } })).rejects.toThrow(/cannot be changed/);
      const since = await clock();
      await ledger.get(TeamService).delete(ADMIN, { teamIds: ['red'] });
      expect(await changesSince(since)).toEqual(['team red', 'model m1']);
      expect((await load()).models).toEqual([]);
    });

    it('are managed by proxy admins, and those of a team by its admins, who get at nothing else', async () => {
      await aTeam();
      const [ann, bob, eve] = ['ann', 'bob', 'eve'].map((id) => aCaller('internal_user', id)) as [
        Caller,
        Caller,
        Caller,
      ];
      await expect(aModel({}, ann)).rejects.toMatchObject(DENIED);
      const ofRed = { teamId: 'red' };
      await expect(aModel(ofRed, bob)).rejects.toMatchObject(DENIED);
      await expect(aModel(ofRed, eve)).rejects.toMatchObject(DENIED);
      const borrowing = { ...ofRed, litellmParams: { ...PARAMS, litellm_credential_name: 'openai' } };
      await expect(aModel(borrowing, ann)).rejects.toMatchObject(DENIED);
      const reading = { ...ofRed, litellmParams: { ...PARAMS, api_key: 'os.environ/ALLOWED' } };
      await expect(aModel(reading, ann)).rejects.toThrow(/api_env_names/);
      await expect(aModel(ofRed, ann)).resolves.toMatchObject({ teamId: 'red' });
      await expect(change({ litellmParams: { rpm: 3 } }, ann)).resolves.toBeDefined();
      const elsewhere = { api_base: 'https://evil.example' };
      await expect(change({ litellmParams: elsewhere }, ann)).rejects.toThrow(/send api_key again/);
      await expect(change({ litellmParams: { ...elsewhere, api_key: 'k2' } }, ann)).resolves.toBeDefined();
      await change({ litellmParams: { litellm_credential_name: 'openai' } });
      await expect(change({ litellmParams: { api_base: 'https://evil.example' } }, ann)).rejects.toMatchObject(DENIED);
      await expect(models.get(bob, { modelId: 'm1' })).resolves.toMatchObject({ model: { modelId: 'm1' } });
      await expect(models.get(eve, { modelId: 'm1' })).rejects.toMatchObject(NOT_FOUND);
      const seen = async (caller: Caller) =>
        (await models.list(caller, ListModelsRequest.fromPartial({}))).models.length;
      expect([await seen(bob), await seen(eve), await seen(aCaller('proxy_admin_viewer', 'v'))]).toEqual([1, 0, 1]);
      await expect(models.delete(aCaller('proxy_admin_viewer', 'v'), { modelId: 'm1' })).rejects.toMatchObject(DENIED);
    });
  });

  describe('credentials', () => {
    it('are kept sealed, told masked, changed field by field and renamed', async () => {
      const since = await clock();
      const made = await aCredential({ credentialInfo: { description: 'ours' } });
      expect(made).toMatchObject({
        credentialValues: { api_key: 'sk-…abcd' },
        credentialInfo: { description: 'ours' },
      });
      expect(await rows('SELECT * FROM turnpike.credentials')).not.toContain(KEY);
      await expect(aCredential()).rejects.toMatchObject(EXISTS);
      const { credential } = await credentials.update(
        ADMIN,
        UpdateCredentialRequest.fromPartial({
          credentialName: 'openai',
          credentialValues: { api_key: 'sk-…abcd', api_base: 'https://x.example/v1' },
          newCredentialName: 'prod',
        }),
      );
      expect(credential.credentialName).toBe('prod');
      expect((await load()).credentials).toMatchObject([
        { credentialName: 'prod', credentialValues: { api_key: KEY, api_base: 'https://x.example/v1' } },
      ]);
      await credentials.delete(ADMIN, { credentialName: 'prod' });
      await expect(credentials.get(ADMIN, { credentialName: 'prod', modelId: '' })).rejects.toMatchObject(NOT_FOUND);
      const id = made.credentialId;
      expect(await changesSince(since)).toEqual([`credential ${id}`, `credential ${id}`, `credential ${id}`]);
      expect(await rows('SELECT * FROM turnpike.audit_log')).not.toContain(KEY);
    });

    it('can be taken from a model, and found by one that refers to them', async () => {
      await aModel({ litellmParams: { ...PARAMS, api_base: 'https://x.example/v1', temperature: 1 } });
      const request = CreateCredentialRequest.fromPartial({ credential: { credentialName: 'c' }, modelId: 'm1' });
      await credentials.create(ADMIN, request);
      expect((await load()).credentials).toMatchObject([
        { credentialValues: { api_key: KEY, api_base: 'https://x.example/v1' } },
      ]);
      expect((await load()).credentials[0]!.credentialValues).not.toHaveProperty('temperature');
      await expect(credentials.get(ADMIN, { credentialName: '', modelId: 'm1' })).rejects.toMatchObject(NOT_FOUND);
      await change({ litellmParams: { litellm_credential_name: 'c' } });
      const found = await credentials.get(ADMIN, { credentialName: '', modelId: 'm1' });
      expect(found.credential.credentialName).toBe('c');
    });

    it.each<[string, PartialOf<typeof Credential>, RegExp]>([
      ['without a name', { credentialName: '' }, /credential_name is missing/],
      ['without values', { credentialValues: {} }, /credential_values is empty/],
      ['with a hidden variable', { credentialValues: { api_key: 'os.environ/HOME' } }, /api_env_names/],
      ['with a file', { credentialValues: { private_key_path: '/x' } }, /configuration file only/],
    ])('are refused %s', async (_title, credential, message) => {
      await expect(aCredential(credential)).rejects.toThrow(message);
    });

    it('are for proxy admins; their viewers see them masked', async () => {
      const user = aCaller('internal_user', 'ann');
      await expect(aCredential({}, user)).rejects.toMatchObject(DENIED);
      await aCredential();
      await expect(credentials.get(user, { credentialName: 'openai', modelId: '' })).rejects.toMatchObject(DENIED);
      const { credentials: seen } = await credentials.list(
        aCaller('proxy_admin_viewer', 'v'),
        ListCredentialsRequest.fromPartial({}),
      );
      expect(JSON.stringify(seen)).not.toContain(KEY);
    });
  });

  describe('settings', () => {
    it('are kept by section, and changed field by field', async () => {
      const since = await clock();
      await set('router_settings', { num_retries: 2, timeout: 9 });
      await set('router_settings', { num_retries: 4, timeout: null });
      expect((await load()).settings).toMatchObject([{ paramName: 'router_settings', value: { num_retries: 4 } }]);
      await set('router_settings', { timeout: 1 }, true);
      expect((await settings.list(ADMIN)).settings).toMatchObject([{ value: { timeout: 1 } }]);
      expect(await rows('SELECT param_value FROM turnpike.settings')).not.toContain('timeout');
      expect(await changesSince(since)).toEqual(Array(3).fill('setting router_settings'));
    });

    it('are deleted field by field, or whole', async () => {
      await set('router_settings', { num_retries: 2, timeout: 9 });
      const before = await settings.delete(ADMIN, { paramName: 'router_settings', fields: ['timeout'] });
      expect(before.setting.value).toEqual({ num_retries: 2, timeout: 9 });
      const again = settings.delete(ADMIN, { paramName: 'router_settings', fields: ['timeout'] });
      await expect(again).rejects.toMatchObject(NOT_FOUND);
      await settings.delete(ADMIN, { paramName: 'router_settings', fields: [] });
      expect((await settings.get(ADMIN, { paramName: 'router_settings' })).setting).toMatchObject({ value: {} });
    });

    it('that are the file’s are refused, with those around them', async () => {
      const both = set('general_settings', { rpm_limit: 5, master_key: 'sk-x' });
      await expect(both).rejects.toThrow(/master_key comes from the configuration file/);
      expect((await load()).settings).toEqual([]);
      await expect(set('environment_variables', { A: 'b' })).rejects.toThrow(/from the environment/);
    });

    it('are for proxy admins', async () => {
      await expect(set('router_settings', {}, false, aCaller('org_admin', 'o'))).rejects.toMatchObject(DENIED);
      await expect(settings.list(aCaller('internal_user', 'u'))).rejects.toMatchObject(DENIED);
    });
  });

  it('and does not open is named, and the rest is told', async () => {
    await aModel();
    await aModel({ modelId: 'm2' });
    await aCredential();
    const other = new SecretBox('another key').seal('{}', 'models/m1/litellm_params');
    await database().dataSource.query(`UPDATE turnpike.models SET litellm_params = $1 WHERE model_id = 'm1'`, [other]);
    await database().dataSource.query(`UPDATE turnpike.credentials SET credential_values = 'tp1:damaged'`);
    const loaded = await load();
    expect([loaded.models.map(({ modelId }) => modelId), loaded.undecryptable]).toEqual([
      ['m2'],
      ['model m1', 'credential openai'],
    ]);
    expect((await models.get(ADMIN, { modelId: 'm1' })).model.litellmParams).toBeUndefined();
    await expect(change({ litellmParams: { rpm: 1 } })).rejects.toThrow(/does not open.*LITELLM_SALT_KEY/);
    await change({ litellmParams: PARAMS, replace: true });
    expect((await load()).undecryptable).toEqual(['credential openai']);
  });
});
