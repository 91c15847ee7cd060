// The keys that tokens are signed with: fetched from their issuers, kept, and fetched anew when they change.
import { isJsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** A key that nobody knows may be a new one: it is looked for again after this, however many tokens name it. */
const LOOK_AGAIN_MS = 5_000;
const MAX_KEYS = 100;

export interface KeySetsOptions {
  /** Of JWKS, or of OpenID discovery documents that name one. */
  readonly urls: readonly string[];
  /** Keys are fetched anew after this. */
  readonly ttlMs: number;
  /** So long after that they are still good while they cannot be fetched. */
  readonly staleMs: number;
  /** JSON of an address. Rejects when there is none. */
  readonly fetch: (url: string) => Promise<unknown>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** The keys of an address cannot be fetched, and why; undefined: they can again. */
  readonly onAway: (url: string, reason: string | undefined) => void;
}

/** The keys of one address. */
class KeySet {
  private find: ReturnType<typeof createLocalJWKSet> | undefined;
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private fetching: Promise<void> | undefined;
  private isAway = false;

  constructor(
    private readonly url: string,
    private readonly options: KeySetsOptions,
  ) {}

  /** Undefined: it has no such key. @throws GW_AUTH_PROVIDER_UNAVAILABLE when it has none at all */
  async keyFor(...wanted: Parameters<JWTVerifyGetKey>): Promise<CryptoKey | undefined> {
    if (this.ageMs >= this.options.ttlMs) await this.refresh();
    if (!this.isGood) throw unavailable(this.url);
    return await this.search(wanted);
  }

  /** Where it may have changed since. */
  async searchAnew(...wanted: Parameters<JWTVerifyGetKey>): Promise<CryptoKey | undefined> {
    await this.refresh();
    return this.isGood ? await this.search(wanted) : undefined;
  }

  private get ageMs(): number {
    return this.options.now() - this.fetchedAt;
  }

  private get isGood(): boolean {
    const { ttlMs, staleMs } = this.options;
    return this.ageMs < ttlMs + staleMs;
  }

  /** Never rejects: what there was goes on for its time. */
  async refresh(): Promise<void> {
    if (!this.fetching && this.options.now() - this.triedAt < LOOK_AGAIN_MS) return;
    this.fetching ??= this.fetch().finally(() => (this.fetching = undefined));
    await this.fetching;
  }

  private async search([header, token]: Parameters<JWTVerifyGetKey>): Promise<CryptoKey | undefined> {
    try {
      return await this.find!(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  private async fetch(): Promise<void> {
    const { now, fetch, onAway } = this.options;
    this.triedAt = now();
    try {
      const document = await fetch(this.url);
      const uri = isJsonObject(document) ? document['jwks_uri'] : undefined;
      const keys = typeof uri === 'string' ? await fetch(uri) : document;
      this.find = createLocalJWKSet(checked(keys));
      this.fetchedAt = now();
      if (this.isAway) onAway(this.url, undefined);
      this.isAway = false;
    } catch (error) {
      if (!this.isAway) onAway(this.url, error instanceof Error ? error.message : String(error));
      this.isAway = true;
    }
  }
}

export class KeySets {
  private readonly sets: readonly KeySet[];

  constructor(private readonly options: KeySetsOptions) {
    this.sets = options.urls.map((url) => new KeySet(url, options));
  }

  /** So that the first token does not wait. */
  async warm(): Promise<void> {
    await Promise.all(this.sets.map((set) => set.refresh()));
  }

  /**
   * Of whoever has it. For `jwtVerify`.
   * @throws GW_INVALID_KEY: nobody has. GW_AUTH_PROVIDER_UNAVAILABLE: that cannot be said
   */
  readonly keyFor = async (...wanted: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> => {
    let away: GatewayError | undefined;
    for (const set of this.sets) {
      try {
        const key = await set.keyFor(...wanted);
        if (key) return key;
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        away = error;
      }
    }
    for (const set of this.sets) {
      const key = await set.searchAnew(...wanted);
      if (key) return key;
    }
    if (away) throw away;
    throw new GatewayError('GW_INVALID_KEY', 'Authentication Error, no key is known that this token is signed with.');
  };
}

/** @throws Error: it is no set of keys */
const checked = (document: unknown): JSONWebKeySet => {
  const keys: unknown = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS || !keys.every((key) => isJsonObject(key)))
    throw new Error('what is there is no JSON Web Key Set');
  // A secret that is told to everybody signs nothing.
  return { keys: keys.filter((key) => key['kty'] !== 'oct') };
};

const unavailable = (url: string): GatewayError =>
  new GatewayError(
    'GW_AUTH_PROVIDER_UNAVAILABLE',
    `The token cannot be checked right now: the keys at ${new URL(url).host} cannot be fetched.`,
    { retryAfterMs: 1_000 },
  );
