// A statement that is run so often that planning it each time would cost more than running it.
import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { databaseCodeOf } from './database-error.js';

/**
 * Of a pooler that lends connections for one transaction: the name is not known on this one, or is taken. Or a table is not
 * what it was when the statement was planned.
 */
const NAME_IS_OF_NO_USE = /^(26000|42P05|0A000)$/;

/** Where names are of no use. */
const unnamed = new WeakSet<DataSource>();

/** Its statements have no names from now on. */
export const planEachTime = (dataSource: DataSource): void => void unnamed.add(dataSource);

/**
 * Each connection plans it once. The plan is the same whatever the values are, so it must be a good one for all of them:
 * PostgreSQL then keeps it.
 */
export class PreparedStatement<Row extends object> {
  private readonly name: string;

  constructor(private readonly text: string) {
    // Behind a pooler it may meet another version's.
    this.name = `turnpike_${hash('sha256', text).slice(0, 16)}`;
  }

  /** Outside of any transaction. */
  async run(dataSource: DataSource, values: readonly unknown[]): Promise<Row[]> {
    const { master: pool } = dataSource.driver as unknown as { master?: Pool };
    if (!pool) throw new Error('Driver not Connected');
    if (!unnamed.has(dataSource)) {
      try {
        return (await pool.query<Row>({ name: this.name, text: this.text, values: [...values] })).rows;
      } catch (error) {
        if (!NAME_IS_OF_NO_USE.test(databaseCodeOf(error))) throw error;
        planEachTime(dataSource);
      }
    }
    return (await pool.query<Row>(this.text, [...values])).rows;
  }
}
