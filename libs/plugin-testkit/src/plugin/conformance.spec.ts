import { z, type AnyPlugin } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { failuresOf } from '../check.js';
import { fakeHost } from '../host/fake-host.js';
import { callbackSubject, importable, sampleCallback, type OpenCallback } from '../samples/sample-callback.js';
import { pluginChecks, pluginConformance, type PluginSubject } from './conformance.js';

pluginConformance({
  ...callbackSubject(),
  badConfig: [{}, { api_key: '', url: 'https://collector.invalid' }, { api_key: 'x', url: 'no address' }],
});

/** Ids of the checks that fail, of those that `only` matches. */
const failing = async (subject: PluginSubject, only: RegExp): Promise<string[]> =>
  Object.keys(await failuresOf(pluginChecks(subject).filter(({ id }) => only.test(id))));

const manifest = (changes: Partial<Record<keyof AnyPlugin, unknown>>): PluginSubject =>
  callbackSubject(sampleCallback(changes as Partial<AnyPlugin>));

const instance = (change: OpenCallback): PluginSubject => callbackSubject(sampleCallback({}, change));

describe('the plugin suite fails a manifest', () => {
  it.each<[string, Partial<Record<keyof AnyPlugin, unknown>>, string[]]>([
    ['of an unknown contract', { contract: 'callback/v9' }, ['contract', 'capabilities']],
    ['whose id names no kind', { id: 'sample' }, ['id']],
    ['whose id is of another kind', { id: 'cache.sample' }, ['id']],
    ['whose id has capitals', { id: 'callback.Sample' }, ['id']],
    ['without capabilities', { capabilities: [] }, ['capabilities']],
    ['with a capability of another kind', { capabilities: ['chat'] }, ['capabilities']],
    ['with a capability twice', { capabilities: ['events', 'events'] }, ['capabilities']],
    ['whose prefix lacks the slash', { prefixes: ['sample'] }, ['prefixes']],
    ['with an expression that remembers', { recognises: [/^sample-/g] }, ['recognises']],
    ['with an expression in a string', { recognises: ['^sample-'] }, ['recognises']],
    ['whose variable fills no setting', { env: { SAMPLE_API_KEY: 'apikey' } }, ['env']],
    ['with a variable in small letters', { env: { sample_api_key: 'api_key' } }, ['env']],
    ['with an unknown word for failure', { failure: 'maybe' }, ['words']],
    ['with an unknown need', { needs: ['database'] }, ['words']],
    ['with an empty alias', { aliases: [''] }, ['words']],
  ])('%s', async (_title, changes, fails) => {
    expect(await failing(manifest(changes), /^manifest\//)).toEqual(fails.map((id) => `manifest/${id}`));
  });
});

describe('the plugin suite fails settings', () => {
  const config = (schema: z.ZodType) => manifest({ config: schema });

  it('that let a misspelt key through', async () => {
    const loose = z.object({ api_key: z.string(), url: z.string() });
    expect(await failing(config(loose), /^config\//)).toEqual(['config/strict']);
  });

  it('that no form can be drawn for', async () => {
    const shapeless = z.strictObject({ api_key: z.string(), url: z.string(), at: z.date().optional() });
    expect(await failing(config(shapeless), /^config\//)).toEqual(['config/form', 'config/secret']);
  });

  it('that do not take the config of the spec', async () => {
    const other = z.strictObject({ api_key: z.string(), url: z.string(), team: z.string() });
    expect(await failing(config(other), /^config\//)).toEqual(['config/valid']);
  });

  it('that take a bad config', async () => {
    const subject = { ...callbackSubject(), badConfig: { api_key: 'x', url: 'https://collector.invalid' } };
    expect(await failing(subject, /^config\//)).toEqual(['config/bad-0']);
  });

  it('that are given without a secret', async () => {
    const subject = { ...callbackSubject(), config: { api_key: 'x', url: 'https://collector.invalid' } };
    expect(await failing(subject, /^config\//)).toEqual(['config/secret']);
  });

  it('that repeat the secret when they refuse it', async () => {
    const schema = z.strictObject({
      api_key: z.unknown().refine((key) => typeof key === 'string', {
        error: ({ input }) => `not a key: ${JSON.stringify(input)}`,
      }),
      url: z.string(),
    });
    expect(await failing(config(schema), /^secrets\/settings$/)).toEqual(['secrets/settings']);
  });
});

describe('the plugin suite fails an import that', () => {
  it.each([
    ['sets-timer', 'setInterval'],
    ['imports-timer', 'timers.setTimeout'],
    ['connects', 'net.Socket.connect'],
    ['writes-file', 'fs.mkdirSync'],
    ['prints', 'sample plugin loaded'],
    ['catches-errors', 'process.on'],
    ['throws', 'cannot be imported'],
    ['other-id', 'holds callback.other and not callback.sample'],
    ['no-default', 'holds undefined and not callback.sample'],
    ['not-there', 'cannot be imported'],
  ])('%s', async (name, message) => {
    const checks = pluginChecks({ ...callbackSubject(), entry: importable(name) });
    const failures = await failuresOf(checks.filter(({ id }) => id.startsWith('import/')));
    expect(String(failures['import/no-effect'])).toContain(message);
  });

  it('but not one of a package that serves several plugins', async () => {
    expect(await failing({ ...callbackSubject(), entry: importable('several') }, /^import\//)).toEqual([]);
  });

  it('or of a package that is not built', async () => {
    const near = new URL('../../fixtures/broken/no-entry/', import.meta.url);
    const checks = pluginChecks({ ...callbackSubject(), entry: undefined, entryNear: near });
    const failures = await failuresOf(checks.filter(({ id }) => id.startsWith('import/')));
    expect(String(failures['import/no-effect'])).toContain('The package is not built');
  });
});

describe('the plugin suite fails an init that', () => {
  it.each<[string, OpenCallback, string[]]>([
    ['lacks what is declared', () => ({}), ['init/capabilities']],
    ['has more than is declared', (good) => ({ ...good, extra: {} }), ['init/capabilities']],
    ['returns a promise', async (good) => good, ['init/capabilities']],
    ['asks its backend', (good, { url }, host) => (void host.http.request({ url }), good), ['init/quiet']],
    ['sets a timer of the host', (good, _settings, host) => (host.timers.after(1, () => {}), good), ['init/quiet']],
    ['sets a timer of its own', (good) => (setTimeout(() => {}, 1), good), ['init/quiet']],
    ['has its directory made', (good, _settings, host) => (host.dataDir(), good), ['init/quiet']],
  ])('%s', async (_title, change, fails) => {
    expect(await failing(instance(change), /^init\//)).toEqual(fails);
  });
});

describe('the plugin suite fails a life in which', () => {
  const never = () => new Promise<never>(() => {});
  const reject = async () => {
    throw new Error('no');
  };

  it('the second stop fails', async () => {
    const change: OpenCallback = (good) => {
      let isStopped = false;
      return { ...good, stop: async () => (isStopped ? reject() : void (isStopped = true)) };
    };
    expect(await failing(instance(change), /^lifecycle\/stop-twice$/)).toEqual(['lifecycle/stop-twice']);
  });

  it('stop fails when start did', async () => {
    const change: OpenCallback = (good) => {
      let socket: { close(): void } | undefined;
      const start = async () => {
        await Promise.reject(new Error('refused'));
        socket = { close: () => {} };
      };
      return { ...good, start, stop: async () => socket!.close() };
    };
    const id = 'lifecycle/stop-after-failed-start';
    expect(await failing(instance(change), new RegExp(`^${id}$`))).toEqual([id]);
  });

  it('start does not mind its signal', async () => {
    const id = 'lifecycle/start-aborted';
    expect(
      await failing(
        instance((good) => ({ ...good, start: never })),
        new RegExp(`^${id}$`),
      ),
    ).toEqual([id]);
  });

  it.each<[string, OpenCallback]>([
    ['health throws', (good) => ({ ...good, health: reject })],
    ['health hangs', (good) => ({ ...good, health: never })],
    ['health is a word of its own', (good) => ({ ...good, health: async () => ({ status: 'fine' }) })],
    [
      'health gives an error as its reason',
      (good) => ({ ...good, health: async () => ({ status: 'down', reason: 5 }) }),
    ],
  ])('%s', async (_title, change) => {
    expect(await failing(instance(change), /^lifecycle\/health-down$/)).toEqual(['lifecycle/health-down']);
  });

  it('health waits for a backend that hangs, and for no other', async () => {
    const change: OpenCallback = (good, { url }, host) => ({
      ...good,
      health: async () => {
        try {
          await host.http.request({ url });
          return { status: 'up' };
        } catch {
          return { status: 'down' };
        }
      },
    });
    expect(await failing(instance(change), /^lifecycle\/health-/)).toEqual(['lifecycle/health-hangs']);
  });

  it.each<[string, OpenCallback]>([
    ['a log line tells the secret', (good, { api_key }, host) => (host.log.debug('key', { api_key }), good)],
    [
      'the cause of an error tells the secret',
      (good, { api_key }) => ({
        ...good,
        start: async () => {
          throw new Error('refused', { cause: { headers: { authorization: `Bearer ${api_key}` } } });
        },
      }),
    ],
    [
      'the reason of its health tells the secret',
      (good, { api_key }) => ({ ...good, health: async () => ({ status: 'down', reason: `${api_key} was refused` }) }),
    ],
    ['a metric tells the secret', (good, { api_key }, host) => (host.metrics.count(`calls_${api_key}`), good)],
    [
      'an address tells the secret',
      (good, { api_key }, host) => ({
        ...good,
        start: async () => {
          await host.http.request({ url: `https://x.invalid/?key=${api_key}` });
        },
      }),
    ],
  ])('%s', async (_title, change) => {
    expect(await failing(instance(change), /^secrets\/backend-answers$/)).toEqual(['secrets/backend-answers']);
  });
});

it('gives plugins that need more a host with more', async () => {
  const change: OpenCallback = (good, _settings, host) => {
    if (!('redis' in host)) throw new Error('no redis');
    return good;
  };
  const subject = instance(change);
  expect(await failing(subject, /^init\//)).toEqual(['init/capabilities', 'init/quiet']);
  const host = () => fakeHost({ overrides: { redis: () => ({}) } });
  expect(await failing({ ...subject, host }, /^init\//)).toEqual([]);
});
