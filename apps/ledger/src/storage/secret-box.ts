// Seals what is secret in a row: AES-256-GCM, with the name of the place that it belongs to, so that it opens nowhere else.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { GatewayError } from '@turnpike/errors';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** `tp1:<id of the key>:<base64url of nonce, ciphertext, tag>`. Another way of sealing gets another number. */
const FORMAT = 'tp1';

interface Key {
  /** Tells keys apart, and nothing about them. */
  id: string;
  bytes: Buffer;
}

const deriveKey = (saltKey: string): Key => {
  const bytes = Buffer.from(hkdfSync('sha256', saltKey, '', 'turnpike stored secrets 1', 32));
  return { id: createHash('sha256').update('id').update(bytes).digest('hex').slice(0, 8), bytes };
};

export class SecretBox {
  private readonly current: Key;
  private readonly keys: ReadonlyMap<string, Key>;

  /** @param previous keys that still open what was sealed with them */
  constructor(saltKey: string, previous: readonly string[] = []) {
    this.current = deriveKey(saltKey);
    this.keys = new Map([...previous.map(deriveKey), this.current].map((key) => [key.id, key]));
  }

  /** @param place what the text belongs to, as `models/<id>/litellm_params`; the same opens it */
  seal(text: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.current.bytes, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${FORMAT}:${this.current.id}:${sealed.toString('base64url')}`;
  }

  /** @throws GatewayError GW_CONFIG_INVALID when it was sealed with another key, for another place, or was changed */
  open(sealed: string, place: string): string {
    const [format, keyId, body] = sealed.split(':');
    const key = format === FORMAT ? this.keys.get(keyId ?? '') : undefined;
    if (!key || body === undefined)
      throw new GatewayError('GW_CONFIG_INVALID', `The secret of ${place} was sealed with another LITELLM_SALT_KEY.`);
    try {
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv(CIPHER, key.bytes, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(place))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new GatewayError('GW_CONFIG_INVALID', `The secret of ${place} is damaged, or another place's.`, { cause });
    }
  }

  /** Whether the present key sealed it: if not, seal it anew when it is at hand. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${FORMAT}:${this.current.id}:`);
  }
}
