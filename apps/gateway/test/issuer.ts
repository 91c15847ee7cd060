// An issuer of tokens: keys of any kind, tokens signed with them, and the set that it publishes.
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JSONWebKeySet, type JWTPayload } from 'jose';

interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: object;
}

export interface TokenOptions {
  /** Of one of its keys; the newest by default. */
  kid?: string;
  /** Seconds from now. */
  expiresIn?: number;
}

export class Issuer {
  private readonly keys = new Map<string, SigningKey>();
  /** Kids that are published. */
  readonly published = new Set<string>();

  static async with(...algorithms: string[]): Promise<Issuer> {
    const issuer = new Issuer();
    for (const algorithm of algorithms) await issuer.addKey(algorithm);
    return issuer;
  }

  /** @returns its kid */
  async addKey(algorithm: string): Promise<string> {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    const kid = `key-${this.keys.size + 1}`;
    const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
    this.keys.set(kid, { kid, algorithm, privateKey, publicJwk });
    this.published.add(kid);
    return kid;
  }

  get set(): JSONWebKeySet {
    const keys = [...this.published].map((kid) => this.keys.get(kid)!.publicJwk);
    return { keys };
  }

  token(claims: JWTPayload, { kid, expiresIn = 300 }: TokenOptions = {}): Promise<string> {
    const key = kid === undefined ? [...this.keys.values()].at(-1)! : this.keys.get(kid)!;
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT({ iat: now, exp: now + expiresIn, ...claims })
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid })
      .sign(key.privateKey);
  }
}
