// The part of node:fs that a journal uses. Tests put a disk with faults in its place.
import * as fs from 'node:fs';

export type JournalFiles = Pick<
  typeof fs,
  | 'chmodSync'
  | 'closeSync'
  | 'fdatasync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'mkdirSync'
  | 'openSync'
  | 'read'
  | 'readSync'
  | 'readdirSync'
  | 'unlink'
  | 'unlinkSync'
  | 'writeSync'
>;

export const nodeFiles: JournalFiles = fs;

/** Key digests and costs are nobody else's business. */
export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

export const messageOf = (error: unknown): string => {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
};

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;
