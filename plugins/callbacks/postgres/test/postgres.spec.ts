import type { CallFinished } from '@turnpike/plugin-sdk';
import { aBareCallFinished, aCallFailed, aCallFinished, fakeHost, START_OF_TIME } from '@turnpike/plugin-testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PostgresServer } from '../../../../test/services/postgres.js';
import plugin from '../src/index.js';

jest.setTimeout(60_000);

type Row = Record<string, ReturnType<typeof JSON.parse>>;

let server: PostgresServer;
const opened: { stop?(): Promise<void> }[] = [];
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop?.();
});
afterAll(() => server.remove());

const open = async (settings: object = {}) => {
  const database_url = await server.createDatabase();
  return openAt({ database_url, ...settings });
};

const openAt = (settings: { database_url: string; table?: string }) => {
  const host = fakeHost();
  const instance = plugin.init(plugin.config.parse(settings), host);
  opened.push(instance);
  const database = new URL(settings.database_url).pathname.slice(1);
  return {
    ...instance,
    host,
    url: settings.database_url,
    tell: (...calls: CallFinished[]) => instance.events.onSuccess!(calls, AbortSignal.timeout(9_000)),
    rows: (sql = `SELECT * FROM ${settings.table ?? 'turnpike_requests'} ORDER BY call_id`) =>
      server.query<Row>(sql, database),
  };
};

const calls = (count: number, changes: Partial<CallFinished> = {}): CallFinished[] =>
  Array.from({ length: count }, (_, index) => aCallFinished({ callId: `call-${index}`, ...changes }));

describe('a call', () => {
  it('becomes a row with its main fields and the whole payload', async () => {
    const { tell, rows } = await open();
    await tell(aCallFinished({ sessionId: 's' }));
    const [row] = await rows();
    expect(row).toMatchObject({
      call_id: 'call-1',
      trace_id: 'trace-1',
      session_id: 's',
      started_at: new Date(START_OF_TIME),
      duration_ms: 850,
      call_type: 'acompletion',
      status: 'success',
      status_code: 200,
      stream: false,
      cache_hit: false,
      model: 'chat-large',
      upstream_model: 'large-2026-01-01',
      provider: 'sample',
      prompt_tokens: '9',
      total_tokens: '12',
      cost_usd: '0.000054000',
      attempts: 1,
      key_hash: '3f2a',
      team_alias: 'test team',
      end_user: 'end-user-1',
      tags: ['test'],
      error_code: null,
      payload: { id: 'call-1', messages: [{ content: 'Hello' }], response_cost: 0.000_054 },
    });
  });

  it('becomes one also when it failed, or little is known of it', async () => {
    const { tell, rows } = await open();
    await tell(aCallFailed({ callId: 'a' }), aBareCallFinished({ callId: 'b' }));
    expect(await rows()).toMatchObject([
      { status: 'failure', error_code: 'GW_UPSTREAM_UNAVAILABLE', cost_usd: null },
      { status: 'success', prompt_tokens: null, provider: null },
    ]);
  });

  it('is one row, however often it is told', async () => {
    const { tell, rows } = await open();
    const batch = calls(3);
    await tell(...batch);
    await tell(...batch, ...calls(4), ...calls(4));
    expect((await rows()).map(({ call_id: id }) => id)).toEqual(['call-0', 'call-1', 'call-2', 'call-3']);
  });

  it('costs what it costs, to the nano-dollar', async () => {
    const { tell, rows } = await open();
    const costs = [1, 999_999_999, 1_000_000_001, 9_007_199_254_740_991];
    await tell(...costs.map((costNanoUsd, index) => aCallFinished({ callId: `call-${index}`, costNanoUsd })));
    expect((await rows()).map(({ cost_usd: cost }) => cost)).toEqual([
      '0.000000001',
      '0.999999999',
      '1.000000001',
      '9007199.254740991',
    ]);
  });

  it.each([
    ['SQL', `'); DROP TABLE turnpike_requests; --`, undefined],
    ['a NUL', 'a\0b', 'a\ufffdb'],
    ['half a surrogate pair', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
    ['a whole one', '🚀', undefined],
    ['what only looks like an escape', '\\u0000 \\\\ud800', undefined],
    ['control characters', '\u0001\u001f\u007f\n\t"\\', undefined],
    ['braces', '{"a":[1}', undefined],
  ])('may hold %s', async (_title, text, kept = text) => {
    const { tell, rows } = await open();
    await tell(aCallFinished({ endUser: text, tags: [text], request: { messages: [{ [text]: text }] } }));
    expect(await rows()).toMatchObject([
      { end_user: kept, tags: [kept], payload: { end_user: kept, messages: [{ [kept]: kept }] } },
    ]);
  });

  it('that can never be written does not keep others out', async () => {
    const { tell, rows, host } = await open();
    await tell(...calls(1), aCallFinished({ callId: 'odd', statusCode: 2 ** 40 }), ...calls(3).slice(1));
    expect((await rows()).map(({ call_id: id }) => id)).toEqual(['call-0', 'call-1', 'call-2']);
    expect(host.counts).toEqual({ refused: 1 });
    expect(host.logs).toMatchObject([{ level: 'warn', fields: { states: ['22003'] } }]);
  });

  it('is written without what was said when message logging is off', async () => {
    const { tell, rows } = await open();
    await tell(aCallFinished({ request: undefined, response: undefined }));
    expect(JSON.stringify(await rows())).not.toMatch(/Hello|Hi there/);
  });
});

describe('the table', () => {
  it('is made once, by however many workers', async () => {
    const first = await open();
    const others = Array.from({ length: 5 }, () => openAt({ database_url: first.url }));
    await Promise.all(
      [first, ...others].map(async ({ tell }, index) => tell(aCallFinished({ callId: `call-${index}` }))),
    );
    expect(await first.rows()).toHaveLength(6);
  });

  it('may have another name, in a schema of its own', async () => {
    const { tell, rows } = await open({ table: 'logs.calls_2026' });
    await tell(...calls(1));
    expect(await rows()).toHaveLength(1);
  });

  it('need not be makeable by who writes to it', async () => {
    const { tell, rows, url } = await open();
    await tell(...calls(1));
    const database = new URL(url).pathname.slice(1);
    await server.query(
      `CREATE ROLE writer LOGIN; GRANT SELECT, INSERT ON turnpike_requests TO writer; REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
      database,
    );
    await openAt({ database_url: server.url(database, 'writer') }).tell(...calls(2));
    expect(await rows()).toHaveLength(2);
  });

  it('is made again after it was dropped', async () => {
    const { tell, rows } = await open();
    await tell(...calls(1));
    await rows('DROP TABLE turnpike_requests');
    await expect(tell(...calls(2))).rejects.toThrow('(42P01)');
    await tell(...calls(2));
    expect(await rows()).toHaveLength(2);
  });

  it('loses what is older than it may be, in pieces', async () => {
    const { tell, rows, start, host } = await open({ retention_days: 30 });
    const day = 86_400_000;
    await tell(...calls(1, { startedAt: Date.now() - 29 * day }));
    await rows(
      `INSERT INTO turnpike_requests (call_id, started_at)
       SELECT 'old-' || n, now() - interval '31 days' FROM generate_series(1, 12000) AS n`,
    );
    await start!(AbortSignal.timeout(1_000));
    host.clock.advance(3_600_000);
    for (let left = 2; left > 1;) left = (await rows()).length;
    expect(await rows()).toMatchObject([{ call_id: 'call-0' }]);
  });
});

describe('a database', () => {
  it('that goes away and comes back gets the batch that failed', async () => {
    const { tell, rows, host } = await open();
    await tell(...calls(1));
    await server.stop('crash');
    const failed = tell(...calls(3));
    await expect(failed).rejects.toThrow(/^The database could not be written to/);
    await server.start();
    await tell(...calls(3));
    expect(await rows()).toHaveLength(3);
    expect(host.logs).toEqual([]);
  });

  it('that stands still is let go of when the hook is aborted', async () => {
    const { tell, rows, events } = await open();
    await tell(...calls(1));
    const locked = rows('BEGIN; LOCK TABLE turnpike_requests; SELECT pg_sleep(2); COMMIT');
    const isLocked = `SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted`;
    for (let count = 0; count === 0;) count = (await rows(isLocked)).length;
    const started = Date.now();
    const telling = events.onSuccess!(calls(2), AbortSignal.timeout(300));
    await expect(telling).rejects.toThrow('The database took too long.');
    expect(Date.now() - started).toBeLessThan(1_200);
    await locked;
  });

  it('never hears of by whom it was refused', async () => {
    const url = new URL(await server.createDatabase());
    url.username = 'nobody_here';
    url.password = 'made-up-password';
    const { tell, host } = openAt({ database_url: url.href });
    const error = await Promise.resolve(tell(...calls(1))).catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ message: 'The database could not be written to (28000).' });
    expect(JSON.stringify([error, (error as Error).stack, host.logs])).not.toContain('made-up-password');
  });
});

it('writes nothing where the database is the ledger’s, and says so once', async () => {
  const host = fakeHost();
  const instance = plugin.init(plugin.config.parse({}), host);
  await instance.start!(AbortSignal.timeout(1_000));
  expect(Object.keys(instance.events)).toEqual(['onAlert']);
  expect(host.logs).toMatchObject([{ level: 'info', message: expect.stringContaining('left to the ledger') }]);
});
