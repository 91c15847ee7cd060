// What callers wish for a key: with the configuration's defaults and caps, and checked.
import { Inject, Injectable } from '@nestjs/common';
import { instantAfter } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { VirtualKey, type GenerateKeyRequest, type UpdateKeyRequest } from '@turnpike/rpc';
import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from 'typeorm';
import { TeamRepository } from '../repositories/team.repository.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { CallbackSecrets } from './callback-secrets.js';
import { isAdmin } from './caller.js';
import { applyMask } from './field-mask.js';
import { GuaranteedLimits } from './guaranteed-limits.js';
import { assertKey, assertNoPolicies, assertRotatesByHand } from './key-checks.js';
import { assertMayGenerate, withCaps, withDefaults, type KeyWish } from './key-settings.js';
import { fromKeyEntity, toKeyColumns } from './key.mapper.js';
import { LEDGER_SETTINGS, NOW, type LedgerSettings, type Now } from './ledger-settings.js';
import { denied, mayUseKey, type KeyAction, type KeyOwners, type Standing } from './permissions.js';
import { readDuration } from './terms.js';

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

/** What of a change may ask for more of the team's limits. */
const GUARANTEES = /^(limits|team_id|metadata)\b/;

const NEVER = new Set(['-1', 'never']);

/** A key that a caller may do something with. */
export interface Held {
  key: VirtualKeyEntity;
  owners: KeyOwners;
  standing: Standing;
}

@Injectable()
export class KeyWishes {
  constructor(
    private readonly teams: TeamRepository,
    private readonly callbackSecrets: CallbackSecrets,
    private readonly guaranteed: GuaranteedLimits,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
    @Inject(NOW) private readonly now: Now,
  ) {}

  /** A key as it is asked for, with what the configuration adds. */
  async wishOf(manager: EntityManager, standing: Standing, request: GenerateKeyRequest): Promise<KeyWish> {
    const { caller } = standing;
    const asked = request.key ?? VirtualKey.fromPartial({});
    const wish = withDefaults({ key: asked, duration: request.duration }, this.settings.default_key_generate_params);
    const { key, duration } = withCaps(wish, this.settings.upperbound_key_generate_params);
    const isService = request.isServiceAccount;
    if (isService && !key.teamId) throw invalidRequest('A service account belongs to a team: give team_id.', 'team_id');
    if (isService && key.userId) throw invalidRequest('A service account is nobody’s: leave user_id out.', 'user_id');
    const userId = isService ? '' : key.userId || (isAdmin(caller) ? '' : (caller.userId ?? ''));
    const metadata = isService ? { service_account_id: key.keyAlias || key.teamId, ...key.metadata } : key.metadata;
    const whole: KeyWish = {
      key: { ...key, userId, metadata },
      duration: duration || (await this.memberDuration(manager, key.teamId, userId)),
    };
    assertKey(whole.key, this.settings.enable_key_alias_format_validation);
    assertRotatesByHand(whole.key);
    assertNoPolicies(whole.key.metadata?.['policies']);
    await this.guaranteed.assertThere(manager, whole.key, '');
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
  async assertMayOwn(manager: EntityManager, standing: Standing, key: VirtualKey, action: KeyAction): Promise<void> {
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
  async changesOf(
    manager: EntityManager,
    { key, owners, standing }: Held,
    request: Pick<UpdateKeyRequest, 'changes' | 'updateMask' | 'duration'>,
  ): Promise<Partial<VirtualKeyEntity>> {
    const current = fromKeyEntity(key);
    const mask = request.updateMask ?? [];
    const changed = applyMask(current, request.changes ?? VirtualKey.fromPartial({}), mask, FIXED);
    const { key: wished, duration } = this.capped(changed, request.duration, mask);
    assertKey(wished, this.settings.enable_key_alias_format_validation && mask.includes('key_alias'));
    if (!current.autoRotate) assertRotatesByHand(wished);
    if (!isDeepStrictEqual(wished.metadata?.['policies'], current.metadata?.['policies']))
      assertNoPolicies(wished.metadata?.['policies']);
    if (mask.some((path) => GUARANTEES.test(path))) await this.guaranteed.assertThere(manager, wished, key.token);
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
      metadata: this.callbackSecrets.sealed(wished.metadata ?? {}, key.metadata),
      ...(duration === '' ? {} : { expires: NEVER.has(duration) ? null : this.after(duration, 'duration') }),
    };
  }

  /** Caps hold for what is asked for now, and not for what was given before. */
  private capped(key: VirtualKey, duration: string, mask: readonly string[]): KeyWish {
    const caps = this.settings.upperbound_key_generate_params;
    const isAsked = mask.some((path) => /^(budget|limits)\b/.test(path));
    if (!caps || (!isAsked && (duration === '' || NEVER.has(duration)))) return { key, duration };
    const { duration: longest, ...others } = caps;
    const wish = withCaps(
      { key, duration },
      { ...(isAsked ? others : {}), ...(duration ? { duration: longest } : {}) },
    );
    return { key: wish.key, duration };
  }

  /** Null for no duration. */
  after(duration: string, param: string): Date | null {
    const parsed = readDuration(duration, param);
    return parsed ? new Date(instantAfter(parsed, this.now())) : null;
  }
}
