// The hashes that keys are known by.
import { keyNameOf } from '../../services/key-secret.js';
import { UnfitRow, type SourceRow } from '../source-row.js';

const TOKEN = /^[0-9a-f]{64}$/;

/** @throws UnfitRow */
export const tokenOf = (source: SourceRow): string => {
  const token = source.id('token');
  if (TOKEN.test(token)) return token;
  throw new UnfitRow('token is no SHA-256: nobody could call with this key there');
};

/** What is no hash may be a secret that somebody put there, and is not told whole. */
export const nameOfToken = (source: SourceRow): string => {
  const token = source.text('token') ?? '';
  return TOKEN.test(token) ? token : keyNameOf(token);
};
