// A WHERE that is put together, with its parameters.
import { texts } from '../settlement/columns.js';

type ColumnType = 'text' | 'date' | 'uuid' | 'bigint' | 'text[]' | 'date[]';

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
    if (value !== undefined) this.add(`${column} = ${this.parameter(value, type)}`);
  }

  /** An empty list is of nobody: nothing is found. */
  among(column: string, values: readonly string[] | undefined, type: 'text' | 'date' = 'text'): void {
    if (values?.length === 1) this.equal(column, values[0], type);
    else if (values) this.add(`${column} = ANY(${this.parameter(texts(values), `${type}[]`)})`);
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
}
