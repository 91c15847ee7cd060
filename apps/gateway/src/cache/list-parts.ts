// Answers that are lists, with an entry for each of the request's: entries are kept one by one, and only those that are
// not there are asked for.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { KeptAnswer } from './response-cache.js';

/** How a front's requests and answers are lists. */
export interface ListForm {
  /** Field of the body that names what is asked about. */
  readonly field: string;
  /** What it names, one for each entry of the answer; undefined: that cannot be told. */
  thingsOf(value: JsonValue | undefined): readonly JsonValue[] | undefined;
  /** The field's value that asks about these. */
  asking(things: readonly JsonValue[]): JsonValue;
  /** How much of the request a thing is, in tokens. */
  weightOf(thing: JsonValue): number;
  /** Undefined: it is no list of this kind. */
  read(answer: JsonValue): ListAnswer | undefined;
  write(answer: ListAnswer): JsonObject;
}

export interface ListAnswer {
  /** Fields of the answer beside its entries and its usage. */
  readonly rest: JsonObject;
  readonly entries: readonly JsonObject[];
  /** Prompt tokens of all of them; undefined: not told. */
  readonly tokens: number | undefined;
}

/** An entry as it is kept: `{"rest":{"object":"list","model":"m"},"entry":{"embedding":[0.1]},"tokens":3}`. */
interface KeptEntry {
  readonly rest: JsonObject;
  readonly entry: JsonObject;
  readonly tokens: number;
}

/** Longer lists are one answer: looking up so many entries would take longer than a call may wait for. */
export const MAX_THINGS = 2_048;

export class ListParts {
  private readonly found: (KeptEntry | undefined)[];
  private readonly missing: number[];

  constructor(
    private readonly form: ListForm,
    private readonly things: readonly JsonValue[],
    readonly keys: readonly string[],
    kept: readonly (Buffer | undefined)[],
    /** Absent: what comes is not kept. */
    readonly ttlMs: number | undefined,
  ) {
    this.found = things.map((_, index) => readKept(kept[index]));
    this.missing = [...things.keys()].filter((index) => !this.found[index]);
  }

  /** The answer, where all of it was there. */
  get whole(): Buffer | undefined {
    return this.missing.length === 0 ? this.withFound({ rest: {}, entries: [], tokens: 0 }) : undefined;
  }

  /** What the request asks for in place of its own list; undefined: for all of it. */
  get narrowed(): JsonObject | undefined {
    if (this.missing.length === this.things.length) return undefined;
    return { [this.form.field]: this.form.asking(this.missing.map((index) => this.things[index]!)) };
  }

  /**
   * What came of those that were asked for, as the answer to the whole request.
   * @returns undefined where nothing was found before, so that the answer is whole as it is
   * @throws GW_UPSTREAM_INVALID_RESPONSE for entries that cannot be told whose they are
   */
  completed(answer: JsonValue): { body: Buffer | undefined; fresh: ListAnswer | undefined } {
    const read = this.form.read(answer);
    const fresh = read?.entries.length === this.missing.length ? read : undefined;
    if (this.missing.length === this.things.length) return { body: undefined, fresh };
    if (fresh) return { body: this.withFound(fresh), fresh };
    throw new GatewayError(
      'GW_UPSTREAM_INVALID_RESPONSE',
      `The provider was asked about ${this.missing.length} of '${this.form.field}' and answered something else.`,
    );
  }

  /** Entries that are new, with the tokens told of all shared out by their sizes. */
  toKeep({ rest, entries, tokens }: ListAnswer): KeptAnswer[] {
    const weights = this.missing.map((index) => this.form.weightOf(this.things[index]!));
    const shares = sharedOut(tokens ?? sumOf(weights), weights);
    return this.missing.map((index, at) => {
      const kept: KeptEntry = { rest, entry: entries[at]!, tokens: shares[at]! };
      return { key: this.keys[index]!, value: Buffer.from(JSON.stringify(kept)) };
    });
  }

  private withFound(fresh: ListAnswer): Buffer {
    const news = fresh.entries.values();
    const entries = this.found.map((kept) => kept?.entry ?? news.next().value!);
    const tokens = (fresh.tokens ?? 0) + sumOf(this.found.map((kept) => kept?.tokens ?? 0));
    const rest = fresh.entries.length > 0 ? fresh.rest : (this.found[0]?.rest ?? {});
    return Buffer.from(JSON.stringify(this.form.write({ rest, entries, tokens })));
  }
}

/** What cannot be read is a miss: somebody else may write under our names. */
const readKept = (bytes: Buffer | undefined): KeptEntry | undefined => {
  if (!bytes) return undefined;
  try {
    const kept = JSON.parse(bytes.toString('utf8')) as JsonValue;
    if (!isJsonObject(kept) || !isJsonObject(kept['rest']) || !isJsonObject(kept['entry'])) return undefined;
    const { rest, entry, tokens } = kept;
    return typeof tokens === 'number' ? { rest, entry, tokens } : undefined;
  } catch {
    return undefined;
  }
};

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** Whole numbers by weight, which make the total again. */
export const sharedOut = (total: number, weights: readonly number[]): number[] => {
  const all = sumOf(weights) || 1;
  let before = 0;
  let given = 0;
  return weights.map((weight, index) => {
    before += weight;
    const until = index === weights.length - 1 ? total : Math.round((total * before) / all);
    const share = until - given;
    given = until;
    return share;
  });
};
