// Tokens of other issuers as callers: verified once, remembered for as long as they are good, and bounded as the teams and
// users that they name.
import type { JwtSettings } from '@turnpike/config';
import { GatewayError, isGatewayError } from '@turnpike/errors';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../../pipeline/exchange.js';
import { subjectOf, type SubjectSync, type TokenSubject } from './claims.js';
import { isOpaqueToken, isToken } from './is-token.js';
import type { KeySets } from './key-sets.js';
import type { UserInfo } from './user-info.js';

/** Signatures of the issuer alone: with a secret, whoever checks a token could also make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Tokens that are remembered. */
const MAX_TOKENS = 10_000;
/** Whom the ledger is asked about. */
export interface SubjectName {
  readonly teamId: string;
  readonly userId: string;
  readonly userEmail: string;
  readonly organizationId: string;
  readonly sync?: SubjectSync | undefined;
}

/** Undefined: one of them is not known. @throws GW_LEDGER_UNAVAILABLE */
export type ResolveSubject = (name: SubjectName) => Principal | undefined | Promise<Principal | undefined>;

export interface TokensOptions {
  readonly settings: JwtSettings;
  readonly keys: Pick<KeySets, 'keyFor'>;
  /** Absent: tokens say for themselves whom they are for. */
  readonly userInfo?: Pick<UserInfo, 'of'> | undefined;
  /** Absent: there is no ledger, and tokens of admins alone are taken. */
  readonly resolve: ResolveSubject | undefined;
  /** Whom an admin's token stands for. */
  readonly admin: Principal;
  /** Epoch milliseconds of the wall clock, which tokens go by. */
  readonly now: () => number;
  readonly maxTokens?: number;
}

interface Verified {
  readonly subject: TokenSubject;
  /** Epoch milliseconds. */
  readonly until: number;
  /** As the ledger tells of the subject → with what the token says. */
  readonly principals: WeakMap<Principal, Principal>;
}

export class Tokens {
  private readonly verified = new Map<string, Verified>();
  private readonly checks = new Map<string, Promise<Verified>>();

  constructor(private readonly options: TokensOptions) {}

  /** Whether it is looked at here, and not as a key. */
  takes(key: string): boolean {
    return isToken(key) || (this.options.userInfo !== undefined && isOpaqueToken(key));
  }

  get size(): number {
    return this.verified.size;
  }

  /**
   * @param digest of the token
   * @returns at once for one that is known, and whose team and user are
   * @throws GW_INVALID_KEY, GW_KEY_EXPIRED, GW_PERMISSION_DENIED, GW_AUTH_PROVIDER_UNAVAILABLE, GW_LEDGER_UNAVAILABLE
   */
  authenticate(token: string, digest: string, headers: IncomingHttpHeaders): Principal | Promise<Principal> {
    const known = this.verified.get(digest);
    if (known && this.options.now() < known.until) return this.principalOf(known, headers);
    return this.check(token, digest).then((verified) => this.principalOf(verified, headers));
  }

  private check(token: string, digest: string): Promise<Verified> {
    const checking = this.checks.get(digest) ?? this.verify(token, digest);
    this.checks.set(digest, checking);
    const done = (): void => void this.checks.delete(digest);
    checking.then(done, done);
    return checking;
  }

  private async verify(token: string, digest: string): Promise<Verified> {
    this.verified.delete(digest);
    const { settings, now, maxTokens = MAX_TOKENS } = this.options;
    const payload = await this.claimsOf(token, digest);
    // What its key is good for: one that the issuer took back is found out about by then.
    const ttlMs = Math.min(settings.keyTtlMs, settings.userInfo?.ttlMs ?? Infinity);
    const until = Math.min((payload.exp ?? Infinity) * 1_000 + settings.leewayMs, now() + ttlMs);
    const verified = { subject: subjectOf(payload, settings), until, principals: new WeakMap<Principal, Principal>() };
    if (this.verified.size >= maxTokens) this.verified.delete(this.verified.keys().next().value!);
    this.verified.set(digest, verified);
    return verified;
  }

  /** Its own, and those that the issuer tells, which are newer. @throws GW_INVALID_KEY when the two are of different users */
  private async claimsOf(token: string, digest: string): Promise<JWTPayload> {
    const { userInfo, settings } = this.options;
    if (!userInfo) return await this.payloadOf(token);
    // Without keys to check it with, what it says itself counts for nothing.
    const isReadable = settings.keyUrls.length > 0 && isToken(token);
    const own = isReadable ? await this.payloadOf(token) : undefined;
    const { exp: _exp, ...told } = await userInfo.of(token, digest);
    if (own?.sub !== undefined && told.sub !== undefined && own.sub !== told.sub)
      throw new GatewayError(
        'GW_INVALID_KEY',
        'Authentication Error, the issuer says that the token is another user’s.',
      );
    return { ...own, ...told };
  }

  private async payloadOf(token: string): Promise<JWTPayload> {
    const { settings, keys, now } = this.options;
    const { audience, issuer, leewayMs } = settings;
    try {
      const { payload } = await jwtVerify(token, keys.keyFor, {
        algorithms: ALGORITHMS,
        clockTolerance: leewayMs / 1_000,
        currentDate: new Date(now()),
        requiredClaims: ['exp'],
        ...(audience.length > 0 && { audience: [...audience] }),
        ...(issuer.length > 0 && { issuer: [...issuer] }),
      });
      return payload;
    } catch (error) {
      throw toGatewayError(error);
    }
  }

  private principalOf(verified: Verified, headers: IncomingHttpHeaders): Principal | Promise<Principal> {
    const { subject } = verified;
    if (subject.isAdmin) return this.adminOf(verified);
    const { resolve } = this.options;
    if (!resolve)
      throw new GatewayError('GW_PERMISSION_DENIED', 'Tokens of teams and users need a ledger, which knows them.');
    const teams = this.teamsFor(subject, headers);
    const [first] = teams;
    if (first === undefined || teams.length === 1) {
      const found = resolve(nameOf(subject, first ?? ''));
      return found instanceof Promise
        ? found.then((told) => this.named(verified, [told]))
        : this.named(verified, [found]);
    }
    const found = teams.map((team) => resolve(nameOf(subject, team)));
    return found.some((one) => one instanceof Promise)
      ? Promise.all(found.map((one) => Promise.resolve(one))).then((told) => this.named(verified, told))
      : this.named(verified, found as (Principal | undefined)[]);
  }

  /** The one that the request names, which must be one of the token's. @throws GW_PERMISSION_DENIED */
  private teamsFor({ teams }: TokenSubject, headers: IncomingHttpHeaders): readonly string[] {
    const asked = headers['x-litellm-team-id'];
    if (typeof asked !== 'string' || asked === '') return teams;
    if (teams.includes(asked)) return [asked];
    throw new GatewayError('GW_PERMISSION_DENIED', 'x-litellm-team-id names no team of the token.');
  }

  /** Of several teams, those that are known; which of them it is depends on the model. @throws GW_PERMISSION_DENIED */
  private named(verified: Verified, told: readonly (Principal | undefined)[]): Principal {
    const known = told.filter((one) => one !== undefined);
    const usable = known.filter(({ terms }) => terms?.refusal === undefined);
    const [first, ...others] = (usable.length > 0 ? usable : known).map((one) => this.withToken(verified, one));
    if (!first)
      throw new GatewayError(
        'GW_PERMISSION_DENIED',
        'The token is good, but its team or user is not known here. An admin can make them, or set team_id_upsert or user_id_upsert.',
      );
    return others.length === 0 ? first : { ...first, alternatives: [first, ...others] };
  }

  private withToken({ subject, principals }: Verified, told: Principal): Principal {
    let principal = principals.get(told);
    if (!principal) principals.set(told, (principal = merged(subject, told)));
    return principal;
  }

  private adminOf({ subject, principals }: Verified): Principal {
    const { admin } = this.options;
    let principal = principals.get(admin);
    if (!principal) {
      const { user, customer, routes } = subject;
      principals.set(admin, (principal = { ...admin, userId: user ?? admin.userId, customer, routes }));
    }
    return principal;
  }
}

const nameOf = ({ user, email, organization, sync }: TokenSubject, teamId: string): SubjectName => ({
  teamId,
  userId: user ?? '',
  userEmail: email ?? '',
  organizationId: organization ?? '',
  sync,
});

/** What the ledger says of whom it is for, and what the token says itself. */
const merged = ({ customer, routes, models }: TokenSubject, told: Principal): Principal => ({
  ...told,
  keyHash: hash('sha256', JSON.stringify(['token', told.teamId, told.userId])),
  isToken: true,
  customer,
  routes,
  terms: told.terms && { ...told.terms, models: told.terms.models.alsoIn(models) },
});

const toGatewayError = (error: unknown): GatewayError => {
  if (isGatewayError(error)) return error;
  if (error instanceof errors.JWTExpired)
    return new GatewayError('GW_KEY_EXPIRED', 'Authentication Error - the token has expired. Get a new one.');
  if (error instanceof errors.JWTClaimValidationFailed)
    return new GatewayError(
      'GW_INVALID_KEY',
      `Authentication Error, the token is not for this gateway: ${error.message}.`,
    );
  // Which of the many ways of being wrong it is helps only whoever makes them up.
  return new GatewayError('GW_INVALID_KEY', 'Authentication Error, the token is not valid.', { cause: error });
};
