// Makes, changes, replaces and deletes virtual keys.
import { Inject, Injectable } from '@nestjs/common';
import { instantAfter } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import {
  VirtualKey,
  type BlockKeyRequest,
  type BlockKeyResponse,
  type DeleteKeysRequest,
  type DeleteKeysResponse,
  type GenerateKeyRequest,
  type GenerateKeyResponse,
  type RegenerateKeyRequest,
  type RegenerateKeyResponse,
  type ResetKeySpendRequest,
  type ResetKeySpendResponse,
  type UpdateKeyRequest,
  type UpdateKeyResponse,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import type { Change } from '../repositories/changes.js';
import { DeprecatedKeyRepository } from '../repositories/deprecated-key.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { authorOf, isAdmin, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { assertKey } from './key-checks.js';
import { assertChosenSecret, hashSecret, keyNameOf, makeSecret, tokenOf, unknownKey } from './key-secret.js';
import { assertMayGenerate, withCaps, withDefaults, type KeyWish } from './key-settings.js';
import { fromKeyEntity, toKeyColumns } from './key.mapper.js';
import { accountOfKey, Keys } from './keys.js';
import { LEDGER_SETTINGS, MASTER_KEY_HASH, NOW, type LedgerSettings, type Now } from './ledger-settings.js';
import { denied, mayUseKey, type KeyAction, type KeyOwners, type Standing } from './permissions.js';
import { Recorder, type Deed, type Trace } from './recorder.js';
import { Standings } from './standings.js';
import { alreadyExists, storing, type Meanings } from './storing.js';
import { assertMoney, readDuration } from './terms.js';

/** Only the ledger sets them. */
const FIXED: (keyof VirtualKey)[] = [
  'token',
  'keyName',
  'spendNanoUsd',
  'modelSpendNanoUsd',
  'lastActive',
  'rotationCount',
  'lastRotationAt',
  'keyRotationAt',
  'authorship',
];

const NEVER = new Set(['-1', 'never']);

/** A key that a caller may do something with. */
interface Held {
  key: VirtualKeyEntity;
  owners: KeyOwners;
  standing: Standing;
}

@Injectable()
export class KeyService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: VirtualKeyRepository,
    private readonly deprecatedKeys: DeprecatedKeyRepository,
    private readonly teams: TeamRepository,
    private readonly keys: Keys,
    private readonly standings: Standings,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
    @Inject(MASTER_KEY_HASH) private readonly masterKeyHash: string,
    @Inject(NOW) private readonly now: Now,
  ) {}

  async generate(caller: Caller, request: GenerateKeyRequest): Promise<GenerateKeyResponse> {
    return await this.transact({ keyAlias: request.key?.keyAlias }, async (manager) => {
      const { response, trace } = await this.make(manager, caller, request);
      await this.recorder.record(manager, caller, trace);
      return response;
    });
  }

  /** Within a transaction of somebody else's, who sees to broken constraints, and records. */
  async make(
    manager: EntityManager,
    caller: Caller,
    request: GenerateKeyRequest,
  ): Promise<{ response: GenerateKeyResponse; trace: Trace }> {
    const secret = this.secretOf(request.secret);
    const standing = await this.standings.of(manager, caller);
    const wish = await this.wishOf(manager, standing, request);
    const { key } = wish;
    await this.assertMayOwn(manager, standing, key, request.isServiceAccount ? 'generateServiceAccount' : 'generate');
    const inserted = await this.repository.insert(manager, {
      ...toKeyColumns(key),
      token: hashSecret(secret),
      keyName: keyNameOf(secret),
      expires: wish.duration ? this.after(wish.duration, 'duration') : (key.expires ?? null),
      keyRotationAt: this.rotationAfter(key),
      createdBy: authorOf(caller),
      updatedBy: authorOf(caller),
    });
    await this.bounds.change(manager, [], await this.keys.boundsOf(manager, inserted, this.now()));
    const { token } = inserted;
    return {
      response: { secret, key: await this.keys.toMessage(manager, inserted) },
      trace: {
        deeds: [{ action: 'created', table: 'key', id: token, after: inserted }],
        // Somebody may have asked for a secret before it was chosen, and be remembered as unknown.
        changes: [{ kind: 'key', id: token }],
      },
    };
  }

  async update(caller: Caller, request: UpdateKeyRequest): Promise<UpdateKeyResponse> {
    const token = tokenOf(request.key);
    return await this.transact({ keyAlias: request.changes?.keyAlias }, async (manager) => {
      const held = await this.hold(manager, caller, token, 'update');
      const changes = await this.changesOf(manager, held, request);
      const key = await this.store(manager, caller, held.key, changes);
      await this.record(manager, caller, { action: 'updated', before: held.key, after: key, id: token });
      return { key: await this.keys.toMessage(manager, key) };
    });
  }

  async block(caller: Caller, request: BlockKeyRequest): Promise<BlockKeyResponse> {
    const token = tokenOf(request.key);
    return await this.transact({}, async (manager) => {
      const { key: before } = await this.hold(manager, caller, token, 'block');
      const key = await this.store(manager, caller, before, { blocked: request.blocked });
      const action = request.blocked ? 'blocked' : 'unblocked';
      await this.record(manager, caller, { action, before, after: key, id: token });
      return { key: await this.keys.toMessage(manager, key) };
    });
  }

  async delete(caller: Caller, request: DeleteKeysRequest): Promise<DeleteKeysResponse> {
    const { keys: named, keyAliases } = request;
    if (named.length === 0 && keyAliases.length === 0) {
      throw invalidRequest('Name at least one key, by `keys` or `key_aliases`.', 'keys');
    }
    const names = new Map(named.map((name) => [tokenOf(name, 'keys'), name]));
    return await this.transact({}, async (manager) => {
      const byAlias = await this.repository.findByAliases(manager, keyAliases);
      for (const { token, keyAlias } of byAlias) if (!names.has(token)) names.set(token, keyAlias ?? token);
      const found = await this.repository.findMany(manager, [...names.keys()]);
      if (found.length === 0) {
        throw new GatewayError('GW_NOT_FOUND', 'None of these keys exists.', { param: 'keys' });
      }
      const standing = await this.standings.of(manager, caller);
      for (const owners of await this.keys.ownersOfAll(manager, found)) {
        if (!mayUseKey(standing, 'delete', owners)) throw denied(standing, 'delete this key', 'its owner or an admin');
      }
      await this.recorder.record(manager, caller, await this.keys.remove(manager, caller, found));
      return { deletedKeys: found.map(({ token }) => names.get(token) ?? token) };
    });
  }

  async regenerate(caller: Caller, request: RegenerateKeyRequest): Promise<RegenerateKeyResponse> {
    const old = request.key ? tokenOf(request.key) : callersOwn(caller);
    const secret = this.secretOf(request.newSecret);
    const token = hashSecret(secret);
    if (token === old) throw invalidRequest('The new secret is the old one.', 'new_key');
    const grace = readDuration(request.gracePeriod, 'grace_period');
    return await this.transact({ keyAlias: request.changes?.keyAlias }, async (manager) => {
      const held = await this.hold(manager, caller, old, 'regenerate');
      const changes = await this.changesOf(manager, held, request);
      const before = await this.keys.boundsOf(manager, held.key, this.now());
      const key = await this.repository.replaceToken(manager, old, {
        ...changes,
        token,
        keyName: keyNameOf(secret),
        rotationCount: held.key.rotationCount + 1,
        lastRotationAt: new Date(this.now()),
        keyRotationAt: this.rotationAfter({ ...fromKeyEntity(held.key), ...rotationOf(changes) }),
        updatedBy: authorOf(caller),
      });
      if (!key) throw unknownKey(old);
      if (grace) {
        const revokeAt = new Date(instantAfter(grace, this.now()));
        await this.deprecatedKeys.insert(manager, { token: old, activeTokenId: token, revokeAt });
      }
      await this.bounds.rename(manager, accountOfKey(old), accountOfKey(token));
      const renamed = before.map((bound) => ({ ...bound, account: bound.account.replace(old, token) }));
      await this.bounds.change(manager, renamed, await this.keys.boundsOf(manager, key, this.now()));
      const message = await this.keys.toMessage(manager, key);
      await this.record(manager, caller, { action: 'rotated', before: held.key, after: key, id: token }, [old]);
      return { secret, key: message };
    });
  }

  async resetSpend(caller: Caller, { key: name, resetToNanoUsd }: ResetKeySpendRequest): Promise<ResetKeySpendResponse> {
    const token = tokenOf(name);
    assertMoney(resetToNanoUsd, 'reset_to');
    return await this.transact({}, async (manager) => {
      const { key } = await this.hold(manager, caller, token, 'resetSpend');
      const { spendNanoUsd } = await this.keys.toMessage(manager, key);
      if (resetToNanoUsd > spendNanoUsd) {
        throw invalidRequest(`reset_to is more than what was spent: ${spendNanoUsd / 1e9} USD.`, 'reset_to');
      }
      await this.bounds.setSpent(manager, accountOfKey(token), resetToNanoUsd);
      const message = await this.keys.toMessage(manager, key);
      const deed: Deed = {
        action: 'spend_reset',
        table: 'key',
        id: token,
        before: { spend_nano_usd: spendNanoUsd },
        after: { spend_nano_usd: resetToNanoUsd },
      };
      const changes: Change[] = [{ kind: 'account', id: accountOfKey(token) }];
      await this.recorder.record(manager, caller, { deeds: [deed], changes });
      return { key: message };
    });
  }

  private async transact<T>(
    { keyAlias }: { keyAlias?: string },
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const meanings: Meanings = {
      key_alias: () => alreadyExists(`A key with the alias '${keyAlias}'`, 'key_alias'),
      virtual_keys_pkey: () => alreadyExists('This key', 'key'),
    };
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }

  private secretOf(chosen: string): string {
    if (!chosen) return makeSecret();
    assertChosenSecret(chosen);
    if (hashSecret(chosen) === this.masterKeyHash) throw alreadyExists('This key', 'key');
    return chosen;
  }

  /** A key as it is asked for, with what the configuration adds. */
  private async wishOf(manager: EntityManager, standing: Standing, request: GenerateKeyRequest): Promise<KeyWish> {
    const { caller } = standing;
    const asked = request.key ?? VirtualKey.fromPartial({});
    const wish = withDefaults({ key: asked, duration: request.duration }, this.settings.default_key_generate_params);
    const { key, duration } = withCaps(wish, this.settings.upperbound_key_generate_params);
    const isService = request.isServiceAccount;
    if (isService && !key.teamId) throw invalidRequest('A service account belongs to a team: give team_id.', 'team_id');
    if (isService && key.userId) throw invalidRequest('A service account is nobody’s: leave user_id out.', 'user_id');
    const userId = isService ? '' : key.userId || (isAdmin(caller) ? '' : (caller.userId ?? ''));
    const metadata = isService
      ? { ...key.metadata, service_account_id: key.metadata?.['service_account_id'] ?? (key.keyAlias || key.teamId) }
      : key.metadata;
    const whole: KeyWish = {
      key: { ...key, userId, metadata },
      duration: duration || (await this.memberDuration(manager, key.teamId, userId)),
    };
    assertKey(whole.key, this.settings.enable_key_alias_format_validation);
    const team = standing.teams.get(key.teamId);
    const teamRole = team ? (team.isAdmin ? 'admin' : 'user') : '';
    assertMayGenerate(whole, { role: caller.role ?? '', teamRole }, this.settings);
    return whole;
  }

  private async memberDuration(manager: EntityManager, teamId: string, userId: string): Promise<string> {
    if (!teamId || !userId) return '';
    return (await this.teams.find(manager, teamId))?.memberKeyDuration ?? '';
  }

  /** Asks whether the caller may have keys for these. */
  private async assertMayOwn(
    manager: EntityManager,
    standing: Standing,
    key: VirtualKey,
    action: KeyAction,
  ): Promise<void> {
    const team = key.teamId ? await this.teams.find(manager, key.teamId) : null;
    if (key.teamId && !team) {
      throw invalidRequest(`There is no team '${key.teamId}'. Make it first, with /team/new.`, 'team_id');
    }
    if (isAdmin(standing.caller)) return;
    const owners = {
      token: '',
      userId: key.userId,
      teamId: key.teamId,
      organizationId: key.organizationId || (team?.organizationId ?? ''),
      createdBy: '',
    };
    const isElsewhere = key.organizationId !== '' && !standing.organizations.has(key.organizationId);
    const isOfTeam = team !== null && team.organizationId === key.organizationId;
    if (!mayUseKey(standing, action, owners) || (isElsewhere && !isOfTeam)) {
      throw denied(standing, 'have a key for this user, team or organization', 'an admin of it, or its permission');
    }
    if (Object.keys(key.permissions ?? {}).length > 0) {
      throw denied(standing, 'give a key permissions', 'a proxy admin');
    }
  }

  /** The columns that a request changes. */
  private async changesOf(
    manager: EntityManager,
    { key, owners, standing }: Held,
    request: Pick<UpdateKeyRequest, 'changes' | 'updateMask' | 'duration'>,
  ): Promise<Partial<VirtualKeyEntity>> {
    const current = fromKeyEntity(key);
    const mask = request.updateMask ?? [];
    const changed = applyMask(current, request.changes ?? VirtualKey.fromPartial({}), mask, FIXED);
    const { key: wished, duration } = this.capped(changed, request.duration, mask);
    assertKey(wished, this.settings.enable_key_alias_format_validation && mask.includes('key_alias'));
    if (wished.blocked !== current.blocked && !mayUseKey(standing, 'block', owners)) {
      throw denied(standing, 'block this key, or let it in again', 'an admin of its team or organization');
    }
    const isMoved = (['userId', 'teamId', 'organizationId'] as const).some((name) => wished[name] !== current[name]);
    const isWider = JSON.stringify(wished.permissions ?? {}) !== JSON.stringify(current.permissions ?? {});
    if (isMoved || isWider) {
      const permissions = isWider ? wished.permissions : {};
      await this.assertMayOwn(manager, standing, { ...wished, permissions }, 'generate');
    }
    return {
      ...toKeyColumns(wished),
      ...(duration === '' ? {} : { expires: NEVER.has(duration) ? null : this.after(duration, 'duration') }),
      ...(wished.autoRotate === key.autoRotate && wished.rotationInterval === current.rotationInterval
        ? {}
        : { keyRotationAt: this.rotationAfter(wished) }),
    };
  }

  /** Caps hold for what is asked for now, and not for what was given before. */
  private capped(key: VirtualKey, duration: string, mask: readonly string[]): KeyWish {
    const caps = this.settings.upperbound_key_generate_params;
    const isAsked = mask.some((path) => /^(budget|limits)\b/.test(path));
    if (!caps || (!isAsked && (duration === '' || NEVER.has(duration)))) return { key, duration };
    const { duration: longest, ...others } = caps;
    const wish = withCaps({ key, duration }, { ...(isAsked ? others : {}), ...(duration ? { duration: longest } : {}) });
    return { key: wish.key, duration };
  }

  private async hold(manager: EntityManager, caller: Caller, token: string, action: KeyAction): Promise<Held> {
    const standing = await this.standings.of(manager, caller);
    const key = await this.repository.lock(manager, token);
    if (!key) throw unknownKey(token);
    const owners = await this.keys.ownersOf(manager, key);
    if (mayUseKey(standing, action, owners)) return { key, owners, standing };
    throw denied(standing, `${action} this key`, 'its owner, or an admin of its team or organization');
  }

  private async store(
    manager: EntityManager,
    caller: Caller,
    before: VirtualKeyEntity,
    changes: Partial<VirtualKeyEntity>,
  ): Promise<VirtualKeyEntity> {
    const bounds = await this.keys.boundsOf(manager, before, this.now());
    const key = await this.repository.update(manager, before.token, { ...changes, updatedBy: authorOf(caller) });
    if (!key) throw unknownKey(before.token);
    await this.bounds.change(manager, bounds, await this.keys.boundsOf(manager, key, this.now()));
    return key;
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    deed: Omit<Deed, 'table'>,
    further: readonly string[] = [],
  ): Promise<void> {
    const changes = await this.keys.changesOf(manager, [deed.id]);
    const all: Change[] = [...changes, ...further.map((id) => ({ kind: 'key' as const, id }))];
    await this.recorder.record(manager, caller, { deeds: [{ ...deed, table: 'key' }], changes: all });
  }

  private after(duration: string, param: string): Date | null {
    const parsed = readDuration(duration, param);
    return parsed ? new Date(instantAfter(parsed, this.now())) : null;
  }

  private rotationAfter({ autoRotate, rotationInterval }: RotationTerms): Date | null {
    return autoRotate ? this.after(rotationInterval, 'rotation_interval') : null;
  }
}

type RotationTerms = Pick<VirtualKey, 'autoRotate' | 'rotationInterval'>;

const rotationOf = ({ autoRotate, rotationInterval }: Partial<VirtualKeyEntity>): RotationTerms => ({
  autoRotate: autoRotate ?? false,
  rotationInterval: rotationInterval ?? '',
});

const callersOwn = ({ keyHash }: Caller): string => {
  if (keyHash) return keyHash;
  throw invalidRequest('Name a key.', 'key');
};
