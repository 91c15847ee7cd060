// Keys of objects, as LiteLLM names them: `logs/blue-team/2026-01-15/time-12-00-00-000000_<id>.json`.
import type { CallFinished } from '@turnpike/plugin-sdk';
import { createHash } from 'node:crypto';
import type { S3Settings } from './config.js';

type KeySettings = Pick<S3Settings, 'path' | 'use_team_prefix' | 'use_key_prefix'>;

/** Before the date; empty, or with a slash at its end. Calls with the same prefix may share an object. */
export const prefixOf = (call: CallFinished, settings: KeySettings): string => {
  const segments = settings.path.split('/').filter((segment) => segment !== '');
  if (settings.use_team_prefix && call.teamAlias) segments.push(call.teamAlias);
  if (settings.use_key_prefix && call.keyAlias) segments.push(call.keyAlias);
  return segments.map((segment) => `${segmentOf(segment)}/`).join('');
};

/** @param extension `json`, `jsonl` */
export const keyOf = (call: CallFinished, prefix: string, extension: string): string => {
  const [date = '', time = ''] = new Date(call.startedAt).toISOString().slice(0, -1).split('T');
  return `${prefix}${date}/time-${time.replaceAll(/[:.]/g, '-')}000_${segmentOf(call.callId)}.${extension}`;
};

const MAX_SEGMENT = 120;

/**
 * Part of a path that stays what it is, whoever chose it: no slash, no dots that lead elsewhere, nothing unprintable. A
 * long one is cut, and told from others by its hash.
 */
const segmentOf = (text: string): string => {
  const plain = text
    .toWellFormed()
    .replaceAll(/[/\\\p{Cc}]/gu, '_')
    .replace(/^\.{1,2}$/, (dots) => '_'.repeat(dots.length));
  if (plain.length <= MAX_SEGMENT) return plain;
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 16);
  return `${plain.slice(0, MAX_SEGMENT - hash.length - 1).toWellFormed()}-${hash}`;
};
