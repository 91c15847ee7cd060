// What a kind of row is taken over by: where it stands there, what it becomes here, and what depends on it.
import type { JsonObject } from '@turnpike/domain';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { Change } from '../repositories/changes.js';
import type { BudgetEntity } from '../schema/entities/budget.entity.js';
import type { TeamEntity } from '../schema/entities/team.entity.js';
import { CallbackSecrets } from '../services/callback-secrets.js';
import type { ScopedBound } from '../services/effective-terms.js';
import { SealedDocuments } from '../services/sealed-documents.js';
import type { SecretBox } from '../storage/secret-box.js';
import type { AccountSpend } from './imported-spend.js';
import type { OldSecrets } from './old-secrets.js';
import type { SourceQuery } from './source.js';
import type { SourceRow } from './source-row.js';

/** What rows refer to and is here, or will be. */
export interface Known {
  readonly budgets: ReadonlyMap<string, BudgetEntity>;
  readonly teams: ReadonlyMap<string, TeamEntity>;
  readonly organizations: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

/** Ids, by kind. */
export type References = { readonly [Kind in keyof Known]?: readonly string[] };

export interface ReadContext {
  readonly known: Known;
  readonly secrets: OldSecrets;
  /** When shared budgets are counted anew next, there: epoch milliseconds by id. */
  readonly resets: ReadonlyMap<string, number>;
}

export interface Taken<E> {
  /** All columns. */
  readonly row: E;
  /** What it has spent there. */
  readonly spends?: readonly AccountSpend[];
}

export interface Sealing<E> {
  readonly property: keyof E & string;
  seal(value: unknown, row: E, secrets: SecretBox): unknown;
  /** @throws when it does not open */
  open(value: unknown, row: E, secrets: SecretBox): unknown;
}

/** A text that is sealed as a whole. */
export const sealedText = <E>(property: keyof E & string, place: (row: E) => string): Sealing<E> => ({
  property,
  seal: (value, row, secrets) => (typeof value === 'string' ? secrets.seal(value, place(row)) : value),
  open: (value, row, secrets) => secrets.open(String(value), place(row)),
});

/** Open maps in which callbacks of keys and teams have their secrets. */
export const sealedCallbacks = <E extends { metadata: JsonObject }>(): Sealing<E> => ({
  property: 'metadata',
  seal: (value, _row, secrets) => callbackSecrets(secrets).sealed(value as JsonObject, {}),
  open: (value, _row, secrets) => callbackSecrets(secrets).opened(value as JsonObject),
});

const callbackSecrets = (secrets: SecretBox): CallbackSecrets => new CallbackSecrets(new SealedDocuments(secrets));

export interface Noun<E extends ObjectLiteral = ObjectLiteral> {
  /** As reports name it. */
  readonly name: string;
  readonly source: SourceQuery;
  readonly entity: EntityTarget<E>;
  readonly primaryKey: readonly (keyof E & string)[];
  /** What names a row there in a report. */
  nameOf(row: SourceRow): string;
  /** What the row refers to and `read` looks at. */
  refersTo(row: SourceRow): References;
  /** A row there may be several here. @throws UnfitRow, or GW_INVALID_REQUEST of the checks that everything passes */
  read(row: SourceRow, context: ReadContext): Taken<E>[];
  /** What the row itself refers to: it is unfit when that is not here. */
  needs?(row: E): References;
  /** Unique beside the primary key. One that another row has already is given up where it may be null. */
  readonly unique?: { readonly property: keyof E & string; readonly isOptional: boolean };
  /** Never overwritten: it is newer here. */
  readonly kept?: readonly (keyof E & string)[];
  /** Kept sealed: `read` gives it in clear. */
  readonly sealed?: Sealing<E>;
  /** @param now epoch milliseconds */
  boundsOf?(row: E, known: Known, now: number): readonly ScopedBound[];
  /** What gateways know of it. */
  changeOf?(row: E): Change;
}

/** Any of them, for lists. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyNoun = Noun<any>;

/** The primary key there. */
export const named =
  (...columns: readonly string[]): ((row: SourceRow) => string) =>
  (row) =>
    columns.map((column) => (row.text(column) ?? '').slice(0, 128)).join(':');

export const idOf = <E extends ObjectLiteral>({ primaryKey }: Pick<Noun<E>, 'primaryKey'>, row: E): string =>
  primaryKey.map((property) => String(row[property])).join(':');
