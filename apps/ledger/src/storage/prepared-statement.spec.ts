import { expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { describeOnEachDatabase } from '../../test/databases.js';
import { PreparedStatement } from './prepared-statement.js';

describeOnEachDatabase('a statement that is run often', (database) => {
  const onPool = (sql: string) => (database().dataSource.driver as unknown as { master: Pool }).master.query(sql);
  const plansOf = async (text: string): Promise<number> => {
    const { rows } = await onPool('SELECT statement FROM pg_prepared_statements');
    return (rows as { statement: string }[]).filter(({ statement }) => statement === text).length;
  };

  it('answers each time with the values that it is given', async () => {
    const double = new PreparedStatement<{ twice: number }>('SELECT 2 * $1::int AS twice');
    for (const value of [1, 2, 3]) {
      expect(await double.run(database().dataSource, [value])).toEqual([{ twice: 2 * value }]);
    }
  });

  it('is planned once by each connection of a server, and goes on where one has forgotten it', async () => {
    const isServer = database().kind === 'postgres';
    const text = 'SELECT 3 * $1::int AS thrice';
    const thrice = new PreparedStatement<{ thrice: number }>(text);
    // What is found out of a database is remembered with it, and other tests have this one.
    const { driver } = database().dataSource;
    const source = isServer ? ({ driver } as DataSource) : database().dataSource;
    for (const value of [1, 2]) expect(await thrice.run(source, [value])).toEqual([{ thrice: 3 * value }]);
    // The embedded one is never asked by name.
    expect(await plansOf(text)).toBe(isServer ? 1 : 0);
    // As behind a pooler, whose next connection has never heard of it.
    await onPool('DEALLOCATE ALL');
    for (const value of [3, 4]) expect(await thrice.run(source, [value])).toEqual([{ thrice: 3 * value }]);
    expect(await plansOf(text)).toBe(0);
  });

  it('fails as it is, where it is the statement that is wrong', async () => {
    const wrong = new PreparedStatement('SELECT 1 / $1::int');
    await expect(wrong.run(database().dataSource, [0])).rejects.toMatchObject({ code: '22012' });
    await expect(wrong.run({ driver: {} } as DataSource, [1])).rejects.toThrow('Driver not Connected');
  });
});
