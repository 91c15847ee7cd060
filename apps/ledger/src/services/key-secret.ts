// The secrets of virtual keys: how they are made, and the names that they are known by.
import { GatewayError, invalidRequest } from '@turnpike/errors';
import { hash, randomBytes } from 'node:crypto';

const PREFIX = 'sk-';
const RANDOM_BYTES = 16;
const MIN_LENGTH = 16;
const MAX_LENGTH = 256;
/** What an HTTP header carries unharmed. */
const CHARACTERS = /^[\x21-\x7e]+$/;
const TOKEN = /^[0-9a-f]{64}$/i;

/** "sk-" and 22 characters that need no escaping anywhere. */
export const makeSecret = (): string => `${PREFIX}${randomBytes(RANDOM_BYTES).toString('base64url')}`;

/** SHA-256, hex: what is stored, and what gateways ask with. */
export const hashSecret = (secret: string): string => hash('sha256', secret);

/** What may be shown of a secret: "sk-...abcd". */
export const keyNameOf = (secret: string): string => `${PREFIX}...${secret.slice(-4)}`;

/** @throws GW_INVALID_REQUEST when a secret that somebody chose cannot be one */
export const assertChosenSecret = (secret: string, param = 'key'): void => {
  if (!secret.startsWith(PREFIX)) throw invalidRequest(`A virtual key starts with '${PREFIX}'.`, param);
  if (secret.length < MIN_LENGTH || secret.length > MAX_LENGTH) {
    throw invalidRequest(`A virtual key has ${MIN_LENGTH} to ${MAX_LENGTH} characters.`, param);
  }
  if (!CHARACTERS.test(secret)) {
    throw invalidRequest('A virtual key has visible ASCII characters only, and no spaces.', param);
  }
};

/**
 * The token of a key that is named by its secret or its token.
 * @throws GW_INVALID_REQUEST for what is neither
 */
export const tokenOf = (secretOrToken: string, param = 'key'): string => {
  if (secretOrToken.startsWith(PREFIX)) return hashSecret(secretOrToken);
  if (TOKEN.test(secretOrToken)) return secretOrToken.toLowerCase();
  throw invalidRequest(
    secretOrToken === ''
      ? 'Name a key: its secret, or its token.'
      : `A key is named by its secret, which starts with '${PREFIX}', or by its token of 64 hexadecimal digits.`,
    param,
  );
};

/** Without telling the secret, where it was one. */
export const unknownKey = (token: string): GatewayError =>
  new GatewayError('GW_NOT_FOUND', `There is no key with the token ${token}.`, { param: 'key' });
