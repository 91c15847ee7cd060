// Passwords of people who log in: kept as scrypt hashes that say how they were made.
import { invalidRequest } from '@turnpike/errors';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const MIN_LENGTH = 8;
const MAX_LENGTH = 128;
const COST = 32_768;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

const derive = (password: string, salt: Buffer, cost: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: cost, r: BLOCK_SIZE, p: PARALLELISM, maxmem: 256 * cost * BLOCK_SIZE };
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

/** @returns "scrypt$32768$<salt>$<hash>", base64url @throws GW_INVALID_REQUEST for one that is too short or too long */
export const hashPassword = async (password: string): Promise<string> => {
  if (password.length < MIN_LENGTH || password.length > MAX_LENGTH) {
    throw invalidRequest(`A password has ${MIN_LENGTH} to ${MAX_LENGTH} characters.`, 'password');
  }
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, COST);
  return ['scrypt', COST, salt.toString('base64url'), key.toString('base64url')].join('$');
};

/** False also for a hash of another form. */
export const isPassword = async (password: string, stored: string): Promise<boolean> => {
  const [form, cost, salt, hash] = stored.split('$');
  if (form !== 'scrypt' || !salt || !hash || Number(cost) !== COST) return false;
  const expected = Buffer.from(hash, 'base64url');
  const key = await derive(password.slice(0, MAX_LENGTH), Buffer.from(salt, 'base64url'), COST);
  return expected.length === key.length && timingSafeEqual(expected, key);
};
