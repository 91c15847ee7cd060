import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NOTHING_STORED, type GatewayConfig, type StoredConfiguration } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import { fakeHost } from '@turnpike/plugin-testkit';
import type { Configuration } from './configuration.js';
import { LiveConfiguration } from './live-configuration.js';
import type { Stored } from './stored-configuration.js';

const stored = (...ids: string[]): Stored => ({
  ...NOTHING_STORED,
  models: ids.map((id) => ({ id, modelName: id, params: {}, info: {}, teamId: '', teamPublicModelName: '' })),
  undecryptable: [],
});

/** A configuration that says which stored models are in it. */
const files = (name: string, storeModels = true): Configuration => {
  const read = (joined: StoredConfiguration = NOTHING_STORED) => ({
    config: { name, database: { storeModels }, ids: joined.models.map(({ id }) => id) } as unknown as GatewayConfig,
    environment: {},
  });
  return { ...read(), catalogue: {} as Configuration['catalogue'], opened: { read } };
};

describe('the live configuration', () => {
  /** What was put in place, in order: `file: models`. */
  let applied: string[];
  let load: jest.Mock<() => Promise<Stored>>;
  let open: jest.Mock<() => Promise<Configuration>>;
  let refuse: (ids: readonly string[]) => boolean;

  const aLive = (): LiveConfiguration =>
    new LiveConfiguration({
      open,
      load,
      apply: ({ config }) => {
        const { name, ids } = config as unknown as { name: string; ids: string[] };
        if (refuse(ids)) return Promise.reject(new GatewayError('GW_PLUGIN_START', 'it does not start'));
        applied.push(`${name}: ${ids.join(' ')}`.trim());
        return Promise.resolve();
      },
      log: fakeHost().log,
    });
  const started = async (first = stored('a')): Promise<LiveConfiguration> => {
    load.mockResolvedValue(first);
    const live = aLive();
    await live.start(files('f1'));
    return live;
  };

  beforeEach(() => {
    jest.useFakeTimers();
    applied = [];
    load = jest.fn<() => Promise<Stored>>();
    open = jest.fn<() => Promise<Configuration>>();
    refuse = () => false;
  });
  afterEach(() => void jest.useRealTimers());

  const later = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

  it('begins with what is stored', async () => {
    const live = await started();
    expect([applied, live.degraded, live.isAwaited]).toEqual([['f1: a'], [], false]);
  });

  it('asks for nothing where nothing may be stored', async () => {
    const live = aLive();
    await live.start(files('f1', false));
    live.changed();
    await live.settled();
    expect([applied, load.mock.calls.length]).toEqual([['f1:'], 0]);
  });

  it('takes a burst of changes over as one, and the last of them', async () => {
    const live = await started();
    load.mockResolvedValue(stored('a', 'b'));
    for (let at = 0; at < 50; at += 1) live.changed();
    await later(10);
    expect(applied).toEqual(['f1: a', 'f1: a b']);
    load.mockResolvedValue(stored('c'));
    for (let at = 0; at < 50; at += 1) live.changed();
    await later(150);
    expect(applied).toEqual(['f1: a', 'f1: a b', 'f1: c']);
    expect(load).toHaveBeenCalledTimes(3);
  });

  it('begins without a ledger that is away, says so, and goes on asking', async () => {
    load.mockRejectedValue(new Error('away'));
    const live = aLive();
    const starting = live.start(files('f1'));
    await later(6_000);
    await starting;
    expect([applied, live.isAwaited]).toEqual([['f1:'], true]);
    expect(live.degraded).toEqual([expect.stringMatching(/^stored_configuration_awaited/)]);
    expect(live.isAwaited).toBe(true);
    load.mockResolvedValue(stored('a'));
    await later(2_500);
    expect([applied.at(-1), live.isAwaited, live.degraded]).toEqual(['f1: a', false, []]);
  });

  it('keeps what runs when what is stored cannot be put in place, and says why', async () => {
    const live = await started();
    refuse = (ids) => ids.includes('bad');
    load.mockResolvedValue(stored('a', 'bad'));
    live.changed();
    await later(10);
    expect(applied).toEqual(['f1: a']);
    expect(live.stored.models.map(({ id }) => id)).toEqual(['a']);
    expect([live.isRefused, live.degraded]).toEqual([true, [expect.stringContaining('it does not start')]]);
    load.mockResolvedValue(stored('a', 'good'));
    live.changed();
    await later(150);
    expect([applied.at(-1), live.degraded]).toEqual(['f1: a good', []]);
  });

  it('starts with the file alone when what is stored stops it', async () => {
    refuse = (ids) => ids.includes('bad');
    const live = await started(stored('bad'));
    expect([applied, live.degraded.length]).toEqual([['f1:'], 1]);
  });

  it('joins files that were read anew with what is stored, and leaves all as it is when they are wrong', async () => {
    const live = await started();
    open.mockResolvedValue(files('f2'));
    await live.reload();
    expect(applied.at(-1)).toBe('f2: a');
    open.mockRejectedValue(new GatewayError('GW_CONFIG_INVALID', 'wrong'));
    await expect(live.reload()).rejects.toThrow('wrong');
    live.changed();
    await later(150);
    expect(applied.at(-1)).toBe('f2: a');
    open.mockResolvedValue(files('f3', false));
    await live.reload();
    expect(applied.at(-1)).toBe('f3:');
  });

  it('is settled once what was stored when that was asked is in place, or after a second', async () => {
    const live = await started();
    load.mockResolvedValue(stored('a', 'b'));
    const settled = live.settled();
    await later(10);
    await settled;
    expect(applied.at(-1)).toBe('f1: a b');
    load.mockReturnValue(new Promise(() => undefined));
    let isOver = false;
    const waiting = live.settled().then(() => (isOver = true));
    await later(900);
    expect(isOver).toBe(false);
    await later(200);
    await waiting;
  });

  it('names what does not decrypt', async () => {
    const live = await started({ ...stored('a'), undecryptable: ['model b'] });
    expect(live.degraded).toEqual(['stored_secrets_unreadable: model b']);
  });
});
