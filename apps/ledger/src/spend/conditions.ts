// A WHERE that is put together, with its parameters.
import { texts } from '../settlement/columns.js';
import { isStorable } from '../storage/storable.js';

type ColumnType = 'text' | 'date' | 'uuid' | 'bigint' | 'integer' | 'text[]' | 'date[]';

/** What belongs to one of these at least. All empty or absent: nothing. */
export interface SpendScope {
  readonly keys?: readonly string[];
  readonly users?: readonly string[];
  readonly teams?: readonly string[];
  readonly organizations?: readonly string[];
}

export class Conditions {
  readonly parameters: unknown[] = [];
  private readonly parts: string[] = [];

  /** @returns how SQL refers to it */
  parameter(value: unknown, type: ColumnType): string {
    this.parameters.push(value);
    return `$${this.parameters.length}::${type}`;
  }

  add(sql: string): void {
    this.parts.push(sql);
  }

  equal(column: string, value: string | undefined, type: ColumnType = 'text'): void {
    if (value === undefined) return;
    this.add(isStorable(value) ? `${column} = ${this.parameter(value, type)}` : 'FALSE');
  }

  /** An empty list is of nobody: nothing is found. */
  among(column: string, values: readonly string[] | undefined, type: 'text' | 'date' = 'text'): void {
    if (values) this.add(this.isAmong(column, values, type));
  }

  within({ keys = [], users = [], teams = [], organizations = [] }: SpendScope): void {
    const columns = { key_hash: keys, user_id: users, team_id: teams, organization_id: organizations };
    const some = Object.entries(columns).filter(([, values]) => values.length > 0);
    this.add(
      some.length === 0 ? 'FALSE' : `(${some.map(([name, values]) => this.isAmong(name, values)).join(' OR ')})`,
    );
  }

  atLeast(column: string, value: number | undefined): void {
    if (value !== undefined) this.add(`${column} >= ${this.parameter(value, 'bigint')}`);
  }

  atMost(column: string, value: number | undefined): void {
    if (value !== undefined) this.add(`${column} <= ${this.parameter(value, 'bigint')}`);
  }

  where(): string {
    return this.parts.length === 0 ? '' : `WHERE ${this.parts.join(' AND ')}`;
  }

  /** What cannot be stored is nowhere. */
  private isAmong(column: string, values: readonly string[], type: 'text' | 'date' = 'text'): string {
    const storable = values.filter((value) => isStorable(value));
    return storable.length === 1
      ? `${column} = ${this.parameter(storable[0], type)}`
      : `${column} = ANY(${this.parameter(texts(storable), `${type}[]`)})`;
  }
}
