// Files as text, whatever editor wrote them.
import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** UTF-8, or UTF-16 with a byte order mark, as Windows shells write. @throws TypeError for other bytes */
export const decodeText = (bytes: Uint8Array): string => {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
};

/** @throws Error whose message says in plain words why the file cannot be read */
export const readText = (path: string): string => {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Error(reasonOf((error as NodeJS.ErrnoException).code), { cause: error });
  }
  if (bytes.byteLength > MAX_FILE_BYTES) throw new Error('is larger than 16 MiB');
  try {
    return decodeText(bytes);
  } catch (error) {
    throw new Error('is not UTF-8 text', { cause: error });
  }
};

const reasonOf = (code: string | undefined): string => {
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EISDIR':
      return 'is a directory (a container mount of a file that does not exist makes one)';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user';
  }
  return `cannot be read (${code ?? 'unknown error'})`;
};

/** A path as messages show it: relative when it lies under `cwd`. */
export const displayPath = (path: string, cwd: string): string => {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
};
