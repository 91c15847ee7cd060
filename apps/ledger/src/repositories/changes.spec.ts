import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeOnEachDatabase } from '../../test/databases.js';
import { inTransaction } from '../storage/in-transaction.js';
import { Changes, type Change } from './changes.js';

const team = (id: string): Change => ({ kind: 'team', id });

describeOnEachDatabase('changes', (database) => {
  const changes = new Changes();
  const record = (...recorded: Change[]): Promise<void> =>
    inTransaction(database().dataSource, (manager) => changes.record(manager, recorded));
  const latest = (): Promise<number> => changes.latest(database().manager);
  const since = (sequence: number, limit?: number) => changes.since(database().manager, sequence, limit);

  it('are told in order from a place on, each once a transaction', async () => {
    const start = await latest();
    await record(team('a'), { kind: 'key', id: 'a' }, team('a'));
    await record(team('b'));
    expect(await since(start)).toEqual({
      sequence: start + 3,
      changes: [team('a'), { kind: 'key', id: 'a' }, team('b')],
      hasMore: false,
      isTooOld: false,
    });
    expect((await since(start + 2)).changes).toEqual([team('b')]);
    expect(await since(start + 3)).toMatchObject({ sequence: start + 3, changes: [], isTooOld: false });
  });

  it('are told in parts when they are many', async () => {
    const start = await latest();
    await record(...['1', '2', '3', '4', '5'].map(team));
    const first = await since(start, 2);
    expect(first).toMatchObject({ sequence: start + 2, changes: [team('1'), team('2')], hasMore: true });
    const second = await since(first.sequence, 3);
    expect(second).toMatchObject({ sequence: start + 5, changes: [team('3'), team('4'), team('5')], hasMore: false });
  });

  it('of a transaction that fails are none, and take no number', async () => {
    const start = await latest();
    const failing = inTransaction(database().dataSource, async (manager) => {
      await changes.record(manager, [team('never')]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await since(start)).toMatchObject({ sequence: start, changes: [] });
  });

  it('that are none leave the clock alone', async () => {
    const start = await latest();
    await record();
    expect(await latest()).toBe(start);
  });

  it('are heard of in this process after the commit, until one listens no more', async () => {
    const heard: number[] = [];
    const stop = changes.onRecorded(() => heard.push(1));
    await inTransaction(database().dataSource, async (manager) => {
      await changes.record(manager, [team('heard')]);
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([1]);
    stop();
    await record(team('unheard'));
    expect(heard).toEqual([1]);
  });

  it('reach a reader without a gap, and none is missed, while 8 writers commit and some give up', async () => {
    const start = await latest();
    const EACH = 25;
    let isWriting = true;
    const written: string[] = [];
    const writer = async (name: number): Promise<void> => {
      for (let turn = 0; turn < EACH; turn += 1) {
        const id = `${name}-${turn}`;
        const work = inTransaction(database().dataSource, async (manager) => {
          if (turn % 3 === 0) await sleep(Math.random() * 4);
          await changes.record(manager, [team(id), { kind: 'account', id }]);
          if (turn % 2 === 0) await sleep(Math.random() * 3);
          if (turn % 5 === 4) throw new Error('gives up');
        });
        await work.then(
          () => written.push(id),
          () => undefined,
        );
      }
    };
    const seen: Change[] = [];
    const reader = async (): Promise<void> => {
      for (let place = start, isLast = false; !isLast;) {
        isLast = !isWriting;
        const told = await since(place, 7);
        expect(told.isTooOld).toBe(false);
        expect(told.sequence - place).toBe(told.changes.length);
        seen.push(...told.changes);
        if (told.hasMore) isLast = false;
        place = told.sequence;
      }
    };
    const reading = [reader()];
    await Promise.all(Array.from({ length: 8 }, (_, name) => writer(name)));
    isWriting = false;
    await Promise.all(reading);
    expect(written).toHaveLength(8 * EACH * 0.8);
    expect(
      seen
        .filter(({ kind }) => kind === 'team')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(written.sort());
    expect(seen).toHaveLength(written.length * 2);
  }, 30_000);

  it('that are forgotten are told as everything, as is a place that never was', async () => {
    const start = await latest();
    await record(team('old'));
    await database().manager.query(`UPDATE turnpike.changes SET at = now() - interval '2 hours'`);
    await record(team('new'));
    await changes.prune(database().dataSource, new Date(Date.now() - 3_600_000));
    expect(await since(start)).toEqual({ sequence: start + 2, changes: [], hasMore: false, isTooOld: true });
    expect((await since(start + 1)).changes).toEqual([team('new')]);
    expect((await since(start + 100)).isTooOld).toBe(true);
    await changes.prune(database().dataSource, new Date(Date.now() - 3_600_000));
    expect((await since(start + 1)).changes).toEqual([team('new')]);
  });
});
