// Ids of tool calls for hosts that are particular about their form.
import { createHash } from 'node:crypto';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Nine letters or digits. An id that has that form stays; another one always gives the same, so that a call and its
 * result keep pointing at each other.
 */
export const nineCharacterId = (id: string): string =>
  /^[a-zA-Z0-9]{9}$/.test(id)
    ? id
    : [...createHash('sha256').update(id).digest().subarray(0, 9)]
        .map((byte) => LETTERS[byte % LETTERS.length])
        .join('');
