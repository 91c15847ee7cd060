// Each finished call is kept once, charged once, summed once: however it is sent, split, repeated, and interrupted.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { accountsOf, type CallEntry } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import fc from 'fast-check';
import { anEntry, bytesOf, DATABASES, idAt, NOON, World } from '../../test/settlement-world.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Many calls of a few keys, teams and days. */
const someEntries = (count: number): CallEntry[] =>
  Array.from({ length: count }, (_, index) =>
    anEntry({
      endedAt: NOON - (index % 3) * DAY_MS,
      key: `k${index % 5}`,
      user: `u${index % 3}`,
      team: index % 4 ? `t${index % 2}` : undefined,
      tags: index % 2 ? ['a', 'b'] : undefined,
      status: (['success', 'failure', 'client_closed'] as const)[index % 3],
      cost: 100 + index,
    }),
  );

const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item, index) => [((index + 1) * 7_919) % 104_729, item] as const)
    .sort(([some], [other]) => some - other)
    .map(([, item]) => item);

describe.each(DATABASES)('Settlement on %s', (kind) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(kind);
  }, 60_000);
  afterAll(async () => {
    await world.close();
  });
  beforeEach(async () => {
    await world.clear();
  });

  /** What is in the database agrees with itself and with these entries. */
  const expectKept = async (entries: readonly CallEntry[]): Promise<void> => {
    const expected = new Map<string, number>();
    for (const entry of entries) {
      for (const account of accountsOf(entry)) expected.set(account, (expected.get(account) ?? 0) + entry.cost);
    }
    const balances = await world.query<{ account: string; total: string }>(
      'SELECT account, total_nano AS total FROM turnpike.balances',
    );
    expect(Object.fromEntries(balances.map(({ account, total }) => [account, Number(total)]))).toEqual(
      Object.fromEntries(expected),
    );
    const [differences] = await world.query<{ logs: number; wrong: number }>(
      `WITH logs AS (
         SELECT day, coalesce(key_hash, '') AS key, coalesce(user_id, '') AS usr, coalesce(team_id, '') AS team,
                count(*) AS requests, count(*) FILTER (WHERE status = 'success') AS successes,
                count(*) FILTER (WHERE status = 'failure') AS failures, sum(input_tokens) AS input, sum(cost_nano) AS spend
           FROM turnpike.spend_logs GROUP BY 1, 2, 3, 4),
       sums AS (
         SELECT day, key_hash AS key, user_id AS usr, team_id AS team, sum(requests) AS requests,
                sum(successes) AS successes, sum(failures) AS failures, sum(input_tokens) AS input, sum(spend_nano) AS spend
           FROM turnpike.daily_spend WHERE kind = '' GROUP BY 1, 2, 3, 4)
       SELECT (SELECT count(*)::integer FROM turnpike.spend_logs) AS logs,
              (SELECT count(*)::integer FROM ((SELECT * FROM logs EXCEPT SELECT * FROM sums)
                 UNION ALL (SELECT * FROM sums EXCEPT SELECT * FROM logs)) AS d) AS wrong`,
    );
    expect(differences).toEqual({ logs: entries.length, wrong: 0 });
  };

  it('keeps a call with all that is known of it', async () => {
    const { settlement } = world.ledger();
    const entry = anEntry({
      callId: 'chatcmpl-1',
      key: 'k',
      alias: 'my "key"',
      customer: 'c,{}\\',
      tags: ['a b', 'NULL', '"'],
      model: 'asked',
      group: 'g',
      stream: true,
      statusCode: 200,
      cache: 'miss',
      sessionId: 's',
      metadata: { project: 'x\ny' },
    });
    expect(await settlement.settle(bytesOf(entry))).toEqual({ accepted: 1, repeated: 0, refused: 0 });
    const [row] = await world.query('SELECT * FROM turnpike.spend_logs');
    expect(row).toMatchObject({
      id: entry.id,
      ended_at: new Date(entry.endedAt),
      cost_nano: 1_000,
      input_tokens: 10,
      call_id: 'chatcmpl-1',
      key_hash: 'k',
      key_alias: 'my "key"',
      user_id: null,
      customer_id: 'c,{}\\',
      requested_model: 'asked',
      model: 'gpt-4o',
      model_group: 'g',
      provider: 'provider.openai',
      is_stream: true,
      tags: ['a b', 'NULL', '"'],
      detail: { metadata: { project: 'x\ny' }, attempts: [{ deployment: 'd1', durationMs: 900 }] },
    });
    await expectKept([entry]);
  });

  it('keeps no more of a call than it is known by, where operators want no log; it is charged and summed up all the same', async () => {
    const { settlement } = world.ledger({ keepsLogs: ({ status }) => status !== 'failure' });
    const facts = { key: 'k', customer: 'c', tags: ['a'], ip: '::1', metadata: { a: 1 }, request: 'x' };
    const [told, untold] = [anEntry(facts), anEntry({ ...facts, status: 'failure' as const })];
    expect(await settlement.settle(bytesOf(told, untold))).toMatchObject({ accepted: 2 });
    const rows = await world.query(
      'SELECT id, key_hash, customer_id, tags, ip, cost_nano, detail FROM turnpike.spend_logs ORDER BY id',
    );
    expect(rows).toEqual([
      expect.objectContaining({ id: told.id, key_hash: 'k', detail: expect.objectContaining({ request: 'x' }) }),
      {
        id: untold.id,
        key_hash: null,
        customer_id: null,
        tags: [],
        ip: null,
        cost_nano: 1_000,
        detail: { attempts: [] },
      },
    ]);
    expect(await world.spent('key:k')).toEqual([2_000, 2_000]);
    expect(await settlement.settle(bytesOf(untold))).toMatchObject({ accepted: 0, repeated: 1 });
  });

  it('counts each call once, in whatever parts and order it is sent again', async () => {
    const entries = someEntries(60);
    const { settlement } = world.ledger();
    expect(await settlement.settle(bytesOf(...entries))).toEqual({ accepted: 60, repeated: 0, refused: 0 });
    expect(await settlement.settle(bytesOf(...shuffled(entries)))).toMatchObject({ accepted: 0, repeated: 60 });
    const more = someEntries(5);
    expect(await settlement.settle(bytesOf(...more, ...entries.slice(50), ...more))).toMatchObject({
      accepted: 5,
      repeated: 15,
    });
    await expectKept([...entries, ...more]);
  });

  it('counts each call once when several ledgers are sent overlapping parts at the same time', async () => {
    const entries = someEntries(300);
    const ledgers = [world.ledger(), world.ledger(), world.ledger()];
    const orders = ledgers.flatMap(({ settlement }, ledger) =>
      Array.from({ length: 10 }, (_, at) => {
        const part = shuffled(entries).slice(at * 25, at * 25 + 75);
        return settlement.settle(bytesOf(...(ledger % 2 ? part.reverse() : part)));
      }),
    );
    const settled = await Promise.all(orders);
    expect(settled.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(300);
    await expectKept(entries);
  }, 30_000);

  it('counts any repetition of any parts once', async () => {
    const entries = someEntries(20);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 15 }), { maxLength: 8 }),
        async (parts) => {
          await world.clear();
          const { settlement } = world.ledger();
          await Promise.all(parts.map((part) => settlement.settle(bytesOf(...part.map((index) => entries[index])))));
          await expectKept([...new Set(parts.flat())].map((index) => entries[index]!));
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);

  it('tells each of many callers what became of its own', async () => {
    const { settlement } = world.ledger();
    const [one, two] = [anEntry(), anEntry()];
    const answers = await Promise.all([
      settlement.settle(bytesOf(one, 'nonsense')),
      settlement.settle(bytesOf(one, two)),
      settlement.settle([]),
    ]);
    expect(answers).toEqual([
      { accepted: 1, repeated: 0, refused: 1 },
      { accepted: 1, repeated: 1, refused: 0 },
      { accepted: 0, repeated: 0, refused: 0 },
    ]);
  });

  it('sets aside what is no entry, once, and keeps the others', async () => {
    const { settlement } = world.ledger();
    const entry = anEntry();
    const bad = ['{"v":1', { ...anEntry(), cost: -1 }, '\u0000'];
    for (let round = 0; round < 2; round += 1) await settlement.settle(bytesOf(...bad, entry));
    await expectKept([entry]);
    const refused = await world.query('SELECT reason, entry FROM turnpike.refused_entries ORDER BY id');
    expect(refused.map(({ reason }) => String(reason).slice(0, 8)).sort()).toEqual([
      'cost: it',
      'no JSON:',
      'no JSON:',
    ]);
  });

  it('sets aside a call that the database does not take, and keeps the others of its batch', async () => {
    const { settlement } = world.ledger();
    await world.query(`ALTER TABLE turnpike.spend_logs ADD CONSTRAINT no_devil CHECK (cost_nano <> 666)`);
    const entries = someEntries(40);
    const devils = [anEntry({ cost: 666 }), anEntry({ cost: 666 })];
    const all = [...entries.slice(0, 7), devils[0]!, ...entries.slice(7), devils[1]!];
    const settled = await settlement.settle(bytesOf(...all));
    await world.query('ALTER TABLE turnpike.spend_logs DROP CONSTRAINT no_devil');
    expect(settled).toEqual({ accepted: 40, repeated: 0, refused: 2 });
    await expectKept(entries);
    const [{ reason } = {}] = await world.query('SELECT reason FROM turnpike.refused_entries');
    expect(reason).toContain('no_devil');
  });

  it.each([Date.UTC(2020, 0, 1), Date.UTC(2024, 1, 29, 23, 59), Date.UTC(2099, 11, 31, 23, 59, 59)])(
    'takes calls of any day, as from a clock that jumped: %d',
    async (time) => {
      const entry = anEntry({ id: idAt(time) });
      expect(await world.ledger().settlement.settle(bytesOf(entry, anEntry()))).toMatchObject({ accepted: 2 });
    },
  );

  it('makes the table of a day again that another ledger has dropped', async () => {
    const [one, other] = [world.ledger(), world.ledger()];
    await one.settlement.settle(bytesOf(anEntry({ endedAt: NOON - 40 * DAY_MS })));
    await other.partitions.dropBefore('2026-11-01');
    const late = anEntry({ endedAt: NOON - 40 * DAY_MS });
    expect(await one.settlement.settle(bytesOf(late))).toMatchObject({ accepted: 1 });
  });

  it('makes tables of days ahead, together with others who do the same', async () => {
    await Promise.all([1, 2, 3].map(() => world.ledger().partitions.ensureAhead(NOON)));
    const days = await world.ledger().partitions.list();
    expect(days).toEqual(expect.arrayContaining(['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24']));
  });

  it('charges a call to the period in which it ended, and begins a new one when the turn has passed', async () => {
    const { settlement, balances } = world.ledger();
    await world.transaction((manager) =>
      balances.setBounds(manager, [{ account: 'key:k', max: 9_000, duration: '1d' }]),
    );
    await settlement.settle(bytesOf(anEntry({ key: 'k', cost: 10 })));
    expect(await world.spent('key:k')).toEqual([10, 10]);

    world.now = NOON + 13 * HOUR_MS;
    const yesterday = anEntry({ key: 'k', cost: 100, endedAt: NOON + 11 * HOUR_MS });
    const today = anEntry({ key: 'k', cost: 1_000, endedAt: NOON + 12 * HOUR_MS });
    await settlement.settle(bytesOf(yesterday, today));
    expect(await world.spent('key:k')).toEqual([1_000, 1_110]);
    expect(world.turned).toEqual(['key:k']);
    const read = await world.transaction((manager) => balances.read(manager, ['key:k']));
    expect(read.get('key:k')).toMatchObject({ periodStart: NOON + 12 * HOUR_MS, resetAt: NOON + 36 * HOUR_MS });
  });

  it('begins periods at midnight of its time zone', async () => {
    const { balances } = world.ledger({ timeZone: 'America/New_York' });
    await world.transaction((manager) => balances.setBounds(manager, [{ account: 'key:k', max: 1, duration: '1d' }]));
    const read = await world.transaction((manager) => balances.read(manager, ['key:k']));
    expect(read.get('key:k')?.resetAt).toBe(Date.UTC(2026, 10, 22, 5));
  });

  it('shows a period that is over as over, before anybody has written it down', async () => {
    const { settlement, balances } = world.ledger();
    await world.transaction((manager) => balances.setBounds(manager, [{ account: 'key:k', max: 1, duration: '1h' }]));
    await settlement.settle(bytesOf(anEntry({ key: 'k' })));
    world.now = NOON + HOUR_MS;
    const read = await world.transaction((manager) => balances.read(manager, ['key:k']));
    expect(read.get('key:k')).toMatchObject({ spent: 0, total: 1_000 });
    expect(await world.transaction((manager) => balances.turnOver(manager, 10))).toEqual(['key:k']);
    expect(await world.spent('key:k')).toEqual([0, 1_000]);
    expect(await world.transaction((manager) => balances.turnOver(manager, 10))).toEqual([]);
  });

  it('goes on with what was spent when the bound changes, and begins anew only with a turn', async () => {
    const { settlement, balances } = world.ledger();
    await settlement.settle(bytesOf(anEntry({ key: 'k' })));
    for (const duration of [undefined, '1d', '1w', undefined]) {
      await world.transaction((manager) => balances.setBounds(manager, [{ account: 'key:k', max: 5_000, duration }]));
      expect(await world.spent('key:k')).toEqual([1_000, 1_000]);
    }
    await world.transaction((manager) => balances.setSpent(manager, new Map([['key:k', 3]])));
    expect(await world.spent('key:k')).toEqual([3, 1_000]);
  });

  it('tells which keys were used, of calls that are new', async () => {
    const used: [string, number][] = [];
    const { settlement } = world.ledger({ onKeysUsed: (keys) => used.push(...keys) });
    const [early, late] = [anEntry({ key: 'k', endedAt: NOON - 5_000 }), anEntry({ key: 'k' })];
    await settlement.settle(bytesOf(late, early, anEntry()));
    await settlement.settle(bytesOf(late));
    expect(used).toEqual([['k', NOON - 1_000]]);
  });
});

describe('Settlement, when PostgreSQL is in trouble', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open('postgres');
  }, 60_000);
  afterAll(async () => {
    await world.close();
  });

  it('keeps each call once when connections are cut in the middle of transactions', async () => {
    const entries = someEntries(1_000);
    const ledgers = [world.ledger(), world.ledger()];
    const cut = { isOver: false };
    const cutting = (async () => {
      // Ever less often: on a busy machine no transaction would come to its end.
      for (let pauseMs = 15; !cut.isOver; pauseMs += 1) {
        await world.server!.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'turnpike-ledger'`,
        );
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    })();
    const ship = async (part: readonly CallEntry[], at: number): Promise<void> => {
      for (;;) {
        try {
          await ledgers[at % 2]!.settlement.settle(bytesOf(...part));
          return;
        } catch (error) {
          if (!isGatewayError(error) || error.code !== 'GW_LEDGER_UNAVAILABLE') throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, at) => ship(entries.slice(at * 50, at * 50 + 50), at)));
    cut.isOver = true;
    await cutting;
    const [sums] = await world.query(
      `SELECT (SELECT count(*)::integer FROM turnpike.spend_logs) AS logs,
              (SELECT sum(cost_nano)::bigint FROM turnpike.spend_logs) AS cost,
              (SELECT sum(spend_nano)::bigint FROM turnpike.daily_spend WHERE kind = '') AS summed,
              (SELECT total_nano FROM turnpike.balances WHERE account = 'installation') AS charged`,
    );
    const cost = entries.reduce((sum, entry) => sum + entry.cost, 0);
    expect(sums).toEqual({ logs: 1_000, cost, summed: cost, charged: cost });
  }, 60_000);

  it('fails as unavailable while the database is away, and goes on when it is back', async () => {
    const { settlement } = world.ledger();
    const entry = anEntry();
    await world.server!.stop();
    await expect(settlement.settle(bytesOf(entry))).rejects.toMatchObject({ code: 'GW_LEDGER_UNAVAILABLE' });
    await world.server!.start();
    expect(await settlement.settle(bytesOf(entry))).toMatchObject({ accepted: 1 });
  }, 60_000);
});
