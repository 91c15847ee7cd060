// Work that happens as a whole or not at all.
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, isConnectionLost } from './database-error.js';

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 10;
/** Whoever calls has waited long enough: a server that is away answers each attempt only after its timeout. */
const PATIENCE_MS = 5_000;

const afterwards = new WeakMap<EntityManager, (() => void)[]>();

/** Has something done once the transaction of this manager is committed; outside of one, at once. Must not throw. */
export const afterCommit = (manager: EntityManager, action: () => void): void => {
  const actions = afterwards.get(manager);
  if (actions) actions.push(action);
  else action();
};

const rollBack = async (runner: QueryRunner): Promise<void> => {
  try {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
  } catch {
    // The connection is gone, and the transaction with it.
  }
};

/**
 * Runs `work` in a transaction of its own. Everything in it goes through the manager that it is given: with one
 * connection, as PGlite has, anything else would wait for itself.
 *
 * Work is done again, from its beginning, when two transactions got in each other's way, or when the connection was lost
 * before the commit was sent. Afterwards nobody knows if it was committed, so that the error is passed on. So what `work`
 * does outside of the database must bear repetition; `afterCommit` is for what must happen once.
 */
export const inTransaction = async <T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> => {
  const end = Date.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt += 1) {
    const runner = dataSource.createQueryRunner();
    const actions: (() => void)[] = [];
    let isCommitSent = false;
    try {
      await runner.startTransaction();
      afterwards.set(runner.manager, actions);
      const result = await work(runner.manager);
      isCommitSent = true;
      await runner.commitTransaction();
      for (const action of actions) action();
      return result;
    } catch (error) {
      await rollBack(runner);
      const isWorthRepeating = isConflict(error) || (!isCommitSent && isConnectionLost(error));
      if (!isWorthRepeating || attempt === ATTEMPTS || Date.now() > end) throw error;
    } finally {
      afterwards.delete(runner.manager);
      await runner.release();
    }
    await sleep(FIRST_PAUSE_MS * 4 ** (attempt - 1) * (0.5 + Math.random()));
  }
};
