// Opens what the other gateway sealed in its database.
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { createDecipheriv, hash, hkdfSync } from 'node:crypto';

/** Base64 and base64url have no colon, so that these say which cipher it is. */
const GCM = /^(v[23]):gcm:(.*)$/s;
/** In front of values that stand among others that are in clear. */
const MARK = 'litellm_enc::';
const GCM_NONCE_BYTES = 12;
const GCM_TAG_BYTES = 16;
const BOX_NONCE_BYTES = 24;
const BOX_TAG_BYTES = 16;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Thrown by `open`; says nothing of the value. */
export class SealedValue extends Error {
  override readonly name = 'SealedValue';
}

/** A value that says so itself, wherever it stands. */
export const isMarked = (value: string): boolean => value.startsWith(MARK);

const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/'), 'base64');

/** Whether it can be what a cipher made. Names of models and addresses are too short for it, or have other letters. */
const isSealed = (value: string): boolean =>
  isMarked(value) ||
  GCM.test(value) ||
  (BASE64.test(value) && bytesOf(value).length >= BOX_NONCE_BYTES + BOX_TAG_BYTES);

/**
 * Formats of its `encrypt_decrypt_utils`: NaCl's secret box, AES-256-GCM with the same key (`v2:gcm:`), and with a derived
 * one (`v3:gcm:`).
 */
export class OldSecrets {
  private readonly key: Buffer | undefined;
  private readonly derived: Buffer | undefined;

  /** @param saltKey LITELLM_SALT_KEY there, or else its master key; empty: nothing opens */
  constructor(saltKey: string) {
    if (saltKey === '') return;
    this.key = Buffer.from(hash('sha256', saltKey), 'hex');
    this.derived = Buffer.from(hkdfSync('sha256', saltKey, '', 'litellm-at-rest-v3', 32));
  }

  /**
   * Values that were never sealed come back as they are.
   * @throws SealedValue when it was, and does not open
   */
  open(value: string): string {
    if (!isSealed(value)) return value;
    if (!this.key || !this.derived) throw new SealedValue('is sealed, and there is no key to open it with');
    const text = isMarked(value) ? value.slice(MARK.length) : value;
    const [, version, body] = GCM.exec(text) ?? [];
    try {
      if (body === undefined) return openBox(this.key, bytesOf(text));
      return openGcm(version === 'v2' ? this.key : this.derived, bytesOf(body));
    } catch {
      throw new SealedValue('does not decrypt');
    }
  }
}

const openGcm = (key: Buffer, bytes: Buffer): string => {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, GCM_NONCE_BYTES), {
    authTagLength: GCM_TAG_BYTES,
  }).setAuthTag(bytes.subarray(-GCM_TAG_BYTES));
  const opened = [decipher.update(bytes.subarray(GCM_NONCE_BYTES, -GCM_TAG_BYTES)), decipher.final()];
  return Buffer.concat(opened).toString('utf8');
};

const openBox = (key: Buffer, bytes: Buffer): string => {
  const box = xsalsa20poly1305(key, bytes.subarray(0, BOX_NONCE_BYTES));
  return Buffer.from(box.decrypt(bytes.subarray(BOX_NONCE_BYTES))).toString('utf8');
};
