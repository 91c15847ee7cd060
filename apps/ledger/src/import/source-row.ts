// A row of the other gateway's database: read column by column, whatever version made the table and whoever wrote the row.
import { isJsonObject, parseDuration, type JsonObject, type NanoUsd } from '@turnpike/domain';
import { parseUsd } from '@turnpike/pricing';

/** The row cannot be taken over. The message says why, and is shown to the operator. */
export class UnfitRow extends Error {
  override readonly name = 'UnfitRow';
}

const MOST_NANO = Number.MAX_SAFE_INTEGER;
const MOST_USD = MOST_NANO / 1e9;
const MOST_COUNT = 1e12;
const MOST_PARALLEL = 2 ** 31 - 1;

/**
 * A column that is not there reads as one that is null. What cannot be taken as it is is noted; where leaving it out would
 * let somebody do more than before, the row is unfit.
 */
export class SourceRow {
  /** What was changed or left out of it, in words for the operator. */
  readonly notes: string[] = [];

  constructor(readonly columns: JsonObject) {}

  note(text: string): void {
    this.notes.push(text);
  }

  /** Empty is none. */
  text(name: string): string | null {
    const value = this.columns[name];
    if (value === null || value === undefined || value === '') return null;
    return typeof value === 'string' ? value : String(value);
  }

  /** @throws UnfitRow when there is none */
  id(name: string): string {
    const id = this.text(name);
    if (id === null) throw new UnfitRow(`${name} is empty`);
    return id;
  }

  texts(name: string): string[] {
    const value = this.json(name);
    if (!Array.isArray(value)) return [];
    return value.filter((item) => typeof item === 'string' && item.trim() !== '') as string[];
  }

  flag(name: string): boolean {
    return this.columns[name] === true;
  }

  object(name: string): JsonObject {
    const value = this.json(name);
    return isJsonObject(value) ? value : {};
  }

  /** What is no text in a map of texts is left out. */
  textMap(name: string): Record<string, string> {
    const entries = Object.entries(this.object(name));
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  }

  list(name: string): unknown[] {
    const value = this.json(name);
    return Array.isArray(value) ? value : [];
  }

  /** Kept there without a time zone, and meant as UTC. "infinity" is none. @throws UnfitRow for what is no time */
  time(name: string): Date | null {
    const text = this.text(name);
    if (text === null || /^infinity$/.test(text)) return null;
    const time = new Date(/(Z|[+-]\d\d(:?\d\d)?)$/.test(text) ? text : `${text}Z`);
    if (Number.isNaN(time.getTime())) throw new UnfitRow(`${name} is no time: ${text.slice(0, 40)}`);
    return time;
  }

  /** Limits: a whole number from 0. */
  count(name: string, most = MOST_COUNT): number | null {
    return countOf(this.columns[name], name, most, this);
  }

  parallel(name: string): number | null {
    return this.count(name, MOST_PARALLEL);
  }

  /** Bounds in US dollars there. */
  bound(name: string): NanoUsd | null {
    return boundOf(this.columns[name], name, this);
  }

  /** What was spent, in US dollars there. What is no amount counts as nothing. */
  spent(name: string): NanoUsd {
    return spentOf(this.columns[name], name, this);
  }

  /** What is no duration is left out: what is spent is then never counted anew. */
  duration(name: string): string | null {
    return durationOf(this.columns[name], name, this);
  }

  /** Some writers put JSON into JSON as a text. */
  private json(name: string): unknown {
    const value = this.columns[name];
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return undefined;
    }
  }
}

type Notes = Pick<SourceRow, 'note'>;

const isNone = (value: unknown): boolean => value === null || value === undefined || value === '';

/** Numbers that are none come as texts: "NaN", "Infinity". */
const numberOf = (value: unknown): number =>
  typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;

export const countOf = (value: unknown, name: string, most: number, row: Notes): number | null => {
  if (isNone(value)) return null;
  const count = numberOf(value);
  if (Number.isNaN(count)) throw new UnfitRow(`${name} is no number: ${shown(value)}`);
  if (count < 0) row.note(`${name} is negative: taken as 0`);
  if (count > most) row.note(`${name} is more than can be counted: taken as ${most}`);
  return Math.floor(Math.min(Math.max(count, 0), most));
};

/** A bound that is no number held nobody back there, perhaps; here it must not begin to. */
export const boundOf = (value: unknown, name: string, row: Notes): NanoUsd | null => {
  if (isNone(value)) return null;
  const usd = numberOf(value);
  if (Number.isNaN(usd)) throw new UnfitRow(`${name} is no amount: ${shown(value)}`);
  if (usd < 0) row.note(`${name} is negative: taken as 0`);
  if (usd > MOST_USD) row.note(`${name} is more than can be counted: taken as 9007199 USD`);
  return nanoOf(usd);
};

const spentOf = (value: unknown, name: string, row: Notes): NanoUsd => {
  if (isNone(value)) return 0;
  const usd = numberOf(value);
  if (Number.isNaN(usd) || usd < 0) {
    row.note(`${name} is no amount: ${shown(value)}: taken as 0`);
    return 0;
  }
  if (usd > MOST_USD) row.note(`${name} is more than can be counted: taken as 9007199 USD`);
  return nanoOf(usd);
};

const nanoOf = (usd: number): NanoUsd => {
  if (usd <= 0) return 0;
  return usd >= MOST_USD ? MOST_NANO : parseUsd(usd);
};

export const durationOf = (value: unknown, name: string, row: Notes): string | null => {
  if (isNone(value)) return null;
  const text = String(value).trim();
  try {
    return parseDuration(text) ? text : null;
  } catch {
    row.note(`${name} is no duration: ${shown(text)}: left out, so that what is spent is never counted anew`);
    return null;
  }
};

/** Short, and on one line. */
export const shown = (value: unknown): string =>
  JSON.stringify(typeof value === 'string' ? value.slice(0, 40) : value).slice(0, 60);
