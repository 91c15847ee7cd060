// What the issuer itself says of a token: claims that the token lacks, and those of tokens that nobody but it can read.
import { isJsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { JWTPayload } from 'jose';

/** Answers of the issuer: a JSON document, or a status that says that it does not know the token. */
export interface UserInfoAnswer {
  readonly status: number;
  readonly document: unknown;
}

export interface UserInfoOptions {
  readonly url: string;
  /** @param token sent as a bearer token. Rejects when there is no answer, or one that is no JSON */
  readonly fetch: (url: string, token: string) => Promise<UserInfoAnswer>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Whoever sends what the issuer does not know is not asked about again for so long. */
const REFUSED_MS = 10_000;
const MAX_REFUSED = 1_000;
/** At the same time: anybody may send anything, and the issuer is not ours to flood. */
const MAX_ASKED = 50;

export class UserInfo {
  private readonly refused = new Map<string, number>();
  private asked = 0;

  constructor(private readonly options: UserInfoOptions) {}

  /**
   * Its cache is the caller's.
   * @param digest of the token
   * @throws GW_INVALID_KEY: the issuer does not take it. GW_AUTH_PROVIDER_UNAVAILABLE
   */
  async of(token: string, digest: string): Promise<JWTPayload> {
    const { now, url } = this.options;
    const until = this.refused.get(digest);
    if (until !== undefined && now() < until) throw unknown();
    if (this.asked >= MAX_ASKED) throw unavailable(url, 'it is asked too much at a time');
    this.asked += 1;
    const { status, document } = await this.options
      .fetch(url, token)
      .catch((error: unknown) => {
        throw unavailable(url, error instanceof Error ? error.message : String(error));
      })
      .finally(() => (this.asked -= 1));
    if (status === 400 || status === 401 || status === 403) {
      this.refuse(digest);
      throw unknown();
    }
    if (status !== 200) throw unavailable(url, `it answers with the status ${status}`);
    if (!isJsonObject(document)) throw unavailable(url, 'what it answers is no JSON object');
    return document;
  }

  private refuse(digest: string): void {
    if (this.refused.size >= MAX_REFUSED) this.refused.delete(this.refused.keys().next().value!);
    this.refused.set(digest, this.options.now() + REFUSED_MS);
  }
}

const unknown = (): GatewayError =>
  new GatewayError('GW_INVALID_KEY', 'Authentication Error, the token is not one that its issuer knows.');

const unavailable = (url: string, why: string): GatewayError =>
  new GatewayError(
    'GW_AUTH_PROVIDER_UNAVAILABLE',
    `The token cannot be checked right now: ${new URL(url).host} does not say whose it is (${why}).`,
    { retryAfterMs: 1_000 },
  );
