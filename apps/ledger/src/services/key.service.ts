// Makes, changes, replaces and deletes virtual keys.
import { Inject, Injectable } from '@nestjs/common';
import { instantAfter } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import { formatUsd } from '@turnpike/pricing';
import {
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
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { CallbackSecrets } from './callback-secrets.js';
import { authorOf, type Caller } from './caller.js';
import { assertChosenSecret, hashSecret, keyNameOf, makeSecret, tokenOf, unknownKey } from './key-secret.js';
import { toKeyColumns } from './key.mapper.js';
import { accountOfKey, Keys } from './keys.js';
import { KeyWishes, type Held } from './key-wishes.js';
import { MASTER_KEY_HASH, NOW, ROTATION_GRACE, type Now } from './ledger-settings.js';
import { denied, mayUseKey, type KeyAction } from './permissions.js';
import { Recorder, type Deed, type Trace } from './recorder.js';
import { Standings } from './standings.js';
import { alreadyExists, storing, type Meanings } from './storing.js';
import { assertMoney, readDuration } from './terms.js';

@Injectable()
export class KeyService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: VirtualKeyRepository,
    private readonly deprecatedKeys: DeprecatedKeyRepository,
    private readonly wishes: KeyWishes,
    private readonly keys: Keys,
    private readonly standings: Standings,
    private readonly bounds: BoundsKeeper,
    private readonly callbackSecrets: CallbackSecrets,
    private readonly recorder: Recorder,
    @Inject(MASTER_KEY_HASH) private readonly masterKeyHash: string,
    @Inject(ROTATION_GRACE) private readonly rotationGrace: string,
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
    const wish = await this.wishes.wishOf(manager, standing, request);
    const { key } = wish;
    await this.wishes.assertMayOwn(
      manager,
      standing,
      key,
      request.isServiceAccount ? 'generateServiceAccount' : 'generate',
    );
    const inserted = await this.repository.insert(manager, {
      ...toKeyColumns(key),
      metadata: this.callbackSecrets.sealed(key.metadata ?? {}, {}),
      token: hashSecret(secret),
      keyName: keyNameOf(secret),
      expires: wish.duration ? this.wishes.after(wish.duration, 'duration') : (key.expires ?? null),
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
      const changes = await this.wishes.changesOf(manager, held, request);
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
    const grace = readDuration(request.gracePeriod || this.rotationGrace, 'grace_period');
    return await this.transact({ keyAlias: request.changes?.keyAlias }, async (manager) => {
      const held = await this.hold(manager, caller, old, 'regenerate');
      const changes = await this.wishes.changesOf(manager, held, request);
      const before = await this.keys.boundsOf(manager, held.key, this.now());
      const key = await this.repository.replaceToken(manager, old, {
        ...changes,
        token,
        keyName: keyNameOf(secret),
        rotationCount: held.key.rotationCount + 1,
        lastRotationAt: new Date(this.now()),
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

  async resetSpend(
    caller: Caller,
    { key: name, resetToNanoUsd }: ResetKeySpendRequest,
  ): Promise<ResetKeySpendResponse> {
    const token = tokenOf(name);
    assertMoney(resetToNanoUsd, 'reset_to');
    return await this.transact({}, async (manager) => {
      const { key } = await this.hold(manager, caller, token, 'resetSpend');
      const { spendNanoUsd } = await this.keys.toMessage(manager, key);
      if (resetToNanoUsd > spendNanoUsd) {
        throw invalidRequest(`reset_to is more than what was spent: ${formatUsd(spendNanoUsd)} USD.`, 'reset_to');
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
}

const callersOwn = ({ keyHash }: Caller): string => {
  if (keyHash) return keyHash;
  throw invalidRequest('Name a key.', 'key');
};
