// How far a journal is shipped: a small file, written over in place after every acknowledged batch.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf, FILE_MODE, type JournalFiles } from './files.js';

export interface Position {
  /** Of the segment. */
  readonly sequence: number;
  /** Of the next entry in the segment's file. */
  readonly offset: number;
  /** Entries of the journal before this position, since the journal began. */
  readonly entries: number;
}

const NAME = Buffer.from('TPJCUR1\n');
const FIELDS = ['sequence', 'offset', 'entries'] as const;
const AT_CRC = NAME.length + 8 * FIELDS.length;
const CURSOR_BYTES = AT_CRC + 4;

const CURSOR_FILE = 'cursor';

const encode = (position: Position): Buffer => {
  const bytes = Buffer.alloc(CURSOR_BYTES);
  NAME.copy(bytes);
  FIELDS.forEach((field, index) => bytes.writeBigUInt64LE(BigInt(position[field]), NAME.length + 8 * index));
  bytes.writeUInt32LE(crc32(bytes.subarray(0, AT_CRC)), AT_CRC);
  return bytes;
};

const decode = (bytes: Buffer): Position | undefined => {
  if (!bytes.subarray(0, NAME.length).equals(NAME)) return undefined;
  if (crc32(bytes.subarray(0, AT_CRC)) !== bytes.readUInt32LE(AT_CRC)) return undefined;
  const [sequence, offset, entries] = FIELDS.map((_, index) => Number(bytes.readBigUInt64LE(NAME.length + 8 * index)));
  return { sequence: sequence!, offset: offset!, entries: entries! };
};

/**
 * One write of 36 bytes: a process that is killed has made it or not. After a loss of power it may be neither the old
 * position nor the new one; then it is none, and entries of the oldest segment are shipped again, which harms nobody.
 */
export class Cursor {
  private readonly path: string;
  private fd: number | undefined;

  constructor(
    directory: string,
    private readonly files: JournalFiles,
  ) {
    this.path = join(directory, CURSOR_FILE);
  }

  /** @returns undefined when nothing was shipped so far, or that is not known any more. Throws what the disk says. */
  load(): Position | undefined {
    const { files } = this;
    const bytes = Buffer.alloc(CURSOR_BYTES);
    try {
      this.fd ??= files.openSync(this.path, 'r+');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    files.readSync(this.fd, bytes, 0, CURSOR_BYTES, 0);
    return decode(bytes);
  }

  /** Throws what the disk says. */
  save(position: Position): void {
    this.fd ??= this.files.openSync(this.path, 'w+', FILE_MODE);
    this.files.writeSync(this.fd, encode(position), 0, CURSOR_BYTES, 0);
  }

  close(): void {
    if (this.fd !== undefined) this.files.closeSync(this.fd);
    this.fd = undefined;
  }
}
