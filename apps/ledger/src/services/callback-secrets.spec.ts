import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import {
  CreateTeamRequest,
  GenerateKeyRequest,
  ListKeysRequest,
  RegenerateKeyRequest,
  UpdateKeyRequest,
  UpdateTeamRequest,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aLedger, clear } from '../../test/services.js';
import { SecretBox } from '../storage/secret-box.js';
import { AuthorizeService } from './authorize.service.js';
import { CallbackSecrets } from './callback-secrets.js';
import { KeyListService } from './key-list.service.js';
import { KeyService } from './key.service.js';
import { SealedDocuments } from './sealed-documents.js';
import { TeamListService } from './team-list.service.js';
import { TeamService } from './team.service.js';

const SECRET = 'sk-lf-secret-0123456789';
const OTHER = 'sk-lf-another-9876543210';
const langfuse = (secret: string, host = 'https://langfuse.example.com') => ({
  callback_name: 'langfuse',
  callback_type: 'success',
  callback_vars: { langfuse_secret_key: secret, langfuse_host: host },
});

describe('variables of callbacks', () => {
  const secrets = new CallbackSecrets(new SealedDocuments(new SecretBox('salt')));
  const kept = secrets.sealed({ logging: [langfuse(SECRET), langfuse(OTHER)], tags: ['a'] }, {});
  const secretsIn = (metadata: JsonObject) =>
    (secrets.opened(secrets.sealed(metadata, kept))['logging'] as ReturnType<typeof langfuse>[]).map(
      ({ callback_vars }) => callback_vars.langfuse_secret_key,
    );

  it('are kept sealed, shown masked, and opened whole', () => {
    expect(JSON.stringify(kept)).not.toMatch(/langfuse\.example|0123456789/);
    expect(secrets.shown(kept)).toEqual({ logging: [langfuse('sk-…6789'), langfuse('sk-…3210')], tags: ['a'] });
    expect(secrets.opened(kept)).toEqual({ logging: [langfuse(SECRET), langfuse(OTHER)], tags: ['a'] });
    expect(secrets.opened({ own: true })).toEqual({ own: true });
  });

  it('that come back masked are those that are kept, in whatever order', () => {
    const { logging } = secrets.shown(kept) as { logging: JsonObject[] };
    expect(secretsIn({ logging })).toEqual([SECRET, OTHER]);
    expect(secretsIn({ logging: logging.toReversed() })).toEqual([OTHER, SECRET]);
    expect(secretsIn({ logging: [logging[1]!] })).toEqual([OTHER]);
    expect(secretsIn({ logging: [langfuse('sk-new-0000000000'), logging[0]!] })).toEqual(['sk-new-0000000000', SECRET]);
    expect(secretsIn(kept)).toEqual([SECRET, OTHER]);
  });

  it('that are masked and not known, or sealed elsewhere, are refused', () => {
    expect(() => secrets.sealed({ logging: [langfuse('sk-…0000')] }, kept)).toThrow(
      /logging\[0\]\.callback_vars\.langfuse_secret_key is masked/,
    );
    expect(() =>
      secrets.sealed(
        { logging: [{ ...langfuse(''), callback_name: 'otel', callback_vars: { langfuse_secret_key: 'sk-…6789' } }] },
        kept,
      ),
    ).toThrow(/is masked/);
    const foreign = secrets.sealed({ logging: [langfuse(SECRET)] }, {});
    expect(() => secrets.sealed(foreign, kept)).toThrow('metadata.logging[0].callback_vars must be an object.');
  });

  it('that are masked do not go to another address', () => {
    expect(() => secrets.sealed({ logging: [langfuse('sk-…6789', 'https://mine.example.com')] }, kept)).toThrow(
      'langfuse_host is another address: send langfuse_secret_key whole',
    );
    const without = { ...langfuse(''), callback_vars: { langfuse_secret_key: 'sk-…6789' } };
    expect(() => secrets.sealed({ logging: [without] }, kept)).toThrow('another address');
    expect(secretsIn({ logging: [langfuse(SECRET, 'https://mine.example.com')] })).toEqual([SECRET]);
  });

  it('of a team’s settings go the same way', () => {
    const settings = {
      callback_settings: { success_callback: ['langfuse'], callback_vars: { langfuse_secret_key: SECRET } },
    };
    const sealed = secrets.sealed(settings, {});
    expect(JSON.stringify(sealed)).not.toContain(SECRET);
    expect(secrets.opened(secrets.sealed(secrets.shown(sealed), sealed))).toEqual(settings);
  });

  it('that do not open leave their callback out: it would tell somebody else', () => {
    const renewed = new CallbackSecrets(new SealedDocuments(new SecretBox('another salt')));
    expect(renewed.opened(kept)).toEqual({ logging: [], tags: ['a'] });
    expect(JSON.stringify(renewed.shown(kept))).not.toContain('tp1:');
  });

  it.each([
    { logging: 'x' },
    { logging: [1, null, { callback_vars: [] }] },
    { callback_settings: 3 },
    { logging: [{ callback_vars: 7 }] },
  ])('%j is kept as it is: it opens nothing', (metadata) =>
    expect(secrets.opened(secrets.sealed(metadata, {}))).toEqual(metadata),
  );
});

describeOnEachDatabase('callbacks of keys and teams', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;

  beforeAll(async () => {
    ledger = await aLedger(database().storage);
  });
  beforeEach(() => clear(database().storage));

  const everythingStored = async (): Promise<string> => {
    const tables = ['virtual_keys', 'deleted_keys', 'teams', 'audit_log'];
    const rows = tables.map((table) =>
      database().dataSource.query(`SELECT to_jsonb(t) AS row FROM turnpike.${table} t`),
    );
    return JSON.stringify(await Promise.all(rows));
  };
  const metadata = { logging: [langfuse(SECRET)], own: 'mine' };
  const masked = { logging: [langfuse('sk-…6789')], own: 'mine' };

  it('reach gateways in clear, and nobody and nothing else', async () => {
    const teams = ledger.get(TeamService);
    const keys = ledger.get(KeyService);
    const lists = ledger.get(KeyListService);
    const team = await teams.create(ADMIN, CreateTeamRequest.fromPartial({ team: { teamId: 'red', metadata } }));
    const made = await keys.generate(ADMIN, GenerateKeyRequest.fromPartial({ key: { teamId: 'red', metadata } }));
    const { token } = made.key!;
    for (const shown of [
      team.team,
      made.key,
      (await lists.get(ADMIN, { key: token })).key,
      (await lists.list(ADMIN, ListKeysRequest.fromPartial({}))).keys[0],
      (await ledger.get(TeamListService).get(ADMIN, { teamId: 'red' })).team,
    ])
      expect(shown!.metadata).toEqual(masked);
    const { principal } = await ledger.get(AuthorizeService).authorize(token);
    expect(principal).toMatchObject({ metadata, teamMetadata: metadata });

    // Read, changed and written back, as scripts do.
    const changes = { metadata: { ...masked, own: 'changed' } };
    await keys.update(ADMIN, UpdateKeyRequest.fromPartial({ key: token, changes, updateMask: ['metadata'] }));
    await teams.update(
      ADMIN,
      UpdateTeamRequest.fromPartial({ changes: { teamId: 'red', ...changes }, updateMask: ['metadata'] }),
    );
    const models = UpdateTeamRequest.fromPartial({ changes: { teamId: 'red', models: ['m'] }, updateMask: ['models'] });
    await teams.update(ADMIN, models);
    const again = await keys.regenerate(ADMIN, RegenerateKeyRequest.fromPartial({ key: token }));
    const renewed = (await ledger.get(AuthorizeService).authorize(again.key!.token)).principal;
    const expected = { ...metadata, own: 'changed' };
    expect(renewed).toMatchObject({ metadata: expected, teamMetadata: expected });

    await keys.delete(ADMIN, { keys: [again.key!.token], keyAliases: [] });
    const deleted = await lists.list(ADMIN, ListKeysRequest.fromPartial({ status: 'deleted' }));
    expect(deleted.keys[0]!.metadata).toEqual({ ...masked, own: 'changed' });
    expect(await everythingStored()).not.toContain(SECRET);
  });
});
