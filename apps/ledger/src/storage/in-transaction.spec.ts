import { describe, expect, it } from '@jest/globals';
import { describeOnEachDatabase } from '../../test/databases.js';
import { isConflict, isConnectionLost, translateDataError, violationOf } from './database-error.js';
import { afterCommit, inTransaction } from './in-transaction.js';

const failure = (code: string): Error => Object.assign(new Error('refused'), { code });

const insert = (tag: string) => `INSERT INTO turnpike.tags (tag_name) VALUES ('${tag}')`;

describeOnEachDatabase('a transaction', (database) => {
  const tags = async (): Promise<string[]> => {
    const rows = await database().manager.query<{ tag_name: string }[]>('SELECT tag_name FROM turnpike.tags');
    return rows.map(({ tag_name: name }) => name);
  };

  it('is committed as a whole, and only then what waits for it is done', async () => {
    const seen: string[] = [];
    const result = await inTransaction(database().dataSource, async (manager) => {
      afterCommit(manager, () => seen.push('after'));
      await manager.query(insert('whole'));
      seen.push('work');
      return 7;
    });
    expect(result).toBe(7);
    expect(seen).toEqual(['work', 'after']);
    expect(await tags()).toContain('whole');
  });

  it('is undone as a whole, and nothing that waits for it is done', async () => {
    const seen: string[] = [];
    const work = inTransaction(database().dataSource, async (manager) => {
      afterCommit(manager, () => seen.push('after'));
      await manager.query(insert('half'));
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(seen).toEqual([]);
    expect(await tags()).not.toContain('half');
  });

  it.each(['40001', '40P01', '57P01', 'ECONNRESET'])(
    'is done again after %s, and its effects are there once',
    async (code) => {
      let attempts = 0;
      const seen: number[] = [];
      await inTransaction(database().dataSource, async (manager) => {
        attempts += 1;
        afterCommit(manager, () => seen.push(attempts));
        await manager.query(insert(`once-${code}`));
        if (attempts < 3) throw failure(code);
      });
      expect(attempts).toBe(3);
      expect(seen).toEqual([3]);
      expect(await tags()).toContain(`once-${code}`);
    },
  );

  it('is given up after five attempts, and at once for anything else', async () => {
    let attempts = 0;
    const failing = (code: string) =>
      inTransaction(database().dataSource, async () => {
        attempts += 1;
        throw failure(code);
      });
    await expect(failing('40001')).rejects.toThrow('refused');
    expect(attempts).toBe(5);
    attempts = 0;
    await expect(failing('23505')).rejects.toThrow('refused');
    expect(attempts).toBe(1);
  });

  it('is not done again when the connection is lost at the commit: it may have happened', async () => {
    let attempts = 0;
    const work = inTransaction(database().dataSource, async (manager) => {
      attempts += 1;
      manager.queryRunner!.commitTransaction = () => Promise.reject(new Error('Connection terminated unexpectedly'));
      await manager.query('SELECT 1');
    });
    await expect(work).rejects.toThrow('Connection terminated');
    expect(attempts).toBe(1);
  });

  it('tells by which constraint data was refused', async () => {
    const failed = async (sql: string): Promise<unknown> =>
      await database()
        .manager.query(sql)
        .catch((error: unknown) => error);
    await failed(insert('twice'));
    expect(violationOf(await failed(insert('twice')))).toEqual({ kind: 'unique', constraint: 'tags_pkey' });
    expect(violationOf(await failed(`INSERT INTO turnpike.tags (tag_name, budget_id) VALUES ('x', 'none')`))).toEqual({
      kind: 'foreign-key',
      constraint: 'tags_budget_id_fkey',
    });
    expect(violationOf(await failed(`INSERT INTO turnpike.tags (tag_name, rpm_limit) VALUES ('x', -1)`))).toMatchObject(
      { kind: 'check' },
    );
    expect(violationOf(await failed('INSERT INTO turnpike.tags DEFAULT VALUES'))).toMatchObject({ kind: 'not-null' });
    expect(violationOf(await failed('SELECT nothing'))).toBeUndefined();
  });

  it.each([
    ['SELECT $1::text', ['a\0b'], 'NUL'],
    ['SELECT $1::jsonb', ['"\\u0000"'], 'NUL'],
    [`INSERT INTO turnpike.tags (tag_name, tpm_limit) VALUES ('big', $1)`, ['99999999999999999999'], 'larger'],
  ])('says in our words that %s cannot be stored', async (sql, parameters, word) => {
    const error = await database()
      .manager.query(sql, parameters)
      .catch((thrown: unknown) => thrown);
    expect((translateDataError(error) as Error).message).toContain(word);
  });

  it('says in our words that a name is too long to be looked up by', async () => {
    // Letters at random: what repeats itself is kept short.
    const name = Array.from({ length: 20_000 }, () =>
      String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000)),
    ).join('');
    const error = await database()
      .manager.query('INSERT INTO turnpike.tags (tag_name) VALUES ($1)', [name])
      .catch((thrown: unknown) => thrown);
    expect((translateDataError(error) as Error).message).toContain('too long');
  });
});

describe('an error of the database', () => {
  it.each([
    ['08006', true],
    ['57P01', true],
    ['57P03', true],
    ['ECONNREFUSED', true],
    ['23505', false],
    ['57014', false],
  ])('%s means a lost connection: %p', (code, expected) => {
    expect(isConnectionLost({ driverError: failure(code) })).toBe(expected);
  });

  it('is a conflict for serialisation failures and deadlocks only', () => {
    expect(['40001', '40P01', '40002', '23505'].map((code) => isConflict(failure(code)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
