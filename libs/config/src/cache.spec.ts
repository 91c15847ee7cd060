import { afterEach, describe, expect, it } from '@jest/globals';
import { aManifest, manifests } from '../test/manifests.js';
import { loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import type { GatewayConfig } from './canonical.js';

afterEach(removeFolders);

const load = (params: string, env: Record<string, string> = {}, given = {}): GatewayConfig =>
  loadYaml(`litellm_settings:\n  cache: true\n  cache_params: {${params}}\n`, { env, ...given });

describe('cache', () => {
  it.each([
    ['nothing at all', ''],
    ['cache: false alone', 'litellm_settings: {cache: false}\n'],
  ])('is none with %s', (_what, yaml) => expect(loadYaml(`model_list: []\n${yaml}`).cache).toBeUndefined());

  it.each([
    ['in memory by default', {}, 'cache.memory'],
    ['in Redis when the environment has one', { REDIS_HOST: 'r' }, 'cache.redis'],
    ['in Redis when the environment has its address', { REDIS_URL: 'redis://r' }, 'cache.redis'],
  ])('is %s', (_where, env, plugin) => {
    expect(loadYaml('litellm_settings: {cache: true}\n', { env }).cache).toMatchObject({ plugin, enabled: true });
  });

  it('is declared but off with cache: false, and with cache_params alone, which warns', () => {
    const off = loadYaml('litellm_settings: {cache: false, cache_params: {type: redis, host: h}}\n');
    expect(off.cache).toMatchObject({ plugin: 'cache.redis', enabled: false });
    expect(off.off).toEqual([]);
    expect(off.redis).toBeUndefined();
    const alone = loadYaml('litellm_settings: {cache_params: {type: local}}\n');
    expect(alone.cache).toMatchObject({ plugin: 'cache.memory', enabled: false });
    expect(warningsOf(alone, 'value')).toEqual([
      'litellm_config.yaml:1: cache_params without cache: true leaves the cache off.',
    ]);
  });

  it.each([
    ['local', 'cache.memory'],
    ['memory', 'cache.memory'],
    ['redis', 'cache.redis'],
    ['redis-semantic', 'cache.redis-semantic'],
    ['disk', 'cache.disk'],
    ['s3', 'cache.s3'],
  ])('of type %s is %s', (type, plugin) => expect(load(`type: ${type}, host: h`).cache?.plugin).toBe(plugin));

  it('of an unknown type is off, with a warning; an error when strict', () => {
    const config = load('type: rediss');
    expect(config.cache?.enabled).toBe(false);
    expect(config.off).toEqual([{ kind: 'cache', name: 'rediss', reason: "no cache is called 'rediss'" }]);
    expect(warningsOf(config, 'value')[0]).toContain("Did you mean 'redis'?");
    expect(problemOf(() => load('type: rediss', {}, { flags: { strict: true } }))).toContain(
      "No cache is called 'rediss'",
    );
  });

  it('reads what every cache shares', () => {
    expect(
      load('type: local, mode: default_off, ttl: 10m, namespace: n, supported_call_types: [], shared: true').cache,
    ).toEqual({
      plugin: 'cache.memory',
      enabled: true,
      mode: 'default_off',
      ttlMs: 600_000,
      modelTtlMs: {},
      namespace: 'n',
      callTypes: [],
      shared: true,
      singleFlight: false,
      settings: {},
    });
  });

  it('tells a plugin of the namespace where it has a setting for that', () => {
    const shelf = aManifest('cache.shelf', { configSchema: { properties: { namespace: { type: 'string' } } } });
    const { cache } = load('type: shelf, namespace: n, ttl: 5', {}, { manifests: [...manifests, shelf] });
    expect(cache).toMatchObject({ namespace: 'n', settings: { namespace: 'n' } });
  });

  it.each([
    ['type: redis, host: h, default_in_redis_ttl: 60', 60_000],
    ['type: redis, host: h, default_in_redis_ttl: 60, ttl: 5', 5_000],
    ['type: redis, host: h, default_in_memory_ttl: 60', undefined],
    ['type: local, default_in_memory_ttl: 60', 60_000],
    ['type: local, default_in_redis_ttl: 60', undefined],
  ])('with %s keeps answers for %p ms', (params, ttlMs) => expect(load(params).cache?.ttlMs).toBe(ttlMs));

  it('keeps callers apart, and asks upstream for each of them, unless it is told otherwise', () => {
    expect(load('type: local').cache).toMatchObject({ shared: false, singleFlight: false });
    expect(load('type: local, shared: true, single_flight: true').cache).toMatchObject({
      shared: true,
      singleFlight: true,
    });
  });

  it('has times of their own for models', () => {
    expect(
      load('type: local, ttl: 0, model_group_ttl: {gpt-4o: 90, fast: 10m, never: 0, as-usual: }').cache,
    ).toMatchObject({ ttlMs: 0, modelTtlMs: { 'gpt-4o': 90_000, fast: 600_000, never: 0 } });
    expect(problemOf(() => load('type: local, model_group_ttl: {gpt-4o: soon}'))).toContain(
      "cache_params.model_group_ttl.gpt-4o must be a number of seconds, not 'soon'.",
    );
    expect(problemOf(() => load('type: local, model_group_ttl: 60'))).toContain('cache_params.model_group_ttl must be');
  });

  it('completes a Redis connection from the environment, and leaves out what the plugin does not have', () => {
    const { cache } = load('type: redis, host: h, default_in_redis_ttl: 60', {
      REDIS_PASSWORD: 'p',
      REDIS_PORT: '6380',
    });
    expect(cache?.settings).toEqual({ host: 'h', port: 6380, password: 'p' });
  });

  it('does not give the password of one server to another', () => {
    expect(load('type: redis, host: h', { REDIS_HOST: 'other', REDIS_PASSWORD: 'p' }).cache?.settings).toEqual({
      host: 'h',
    });
  });

  it('completes another plugin’s settings by its own variables, and is off without what it requires', () => {
    const disk = aManifest('cache.disk', {
      env: { DISK_DIR: 'disk_cache_dir' },
      configSchema: { properties: { disk_cache_dir: { type: 'string' } }, required: ['disk_cache_dir'] },
    });
    const given = { manifests: [...manifests, disk] };
    expect(load('type: disk', { DISK_DIR: '/d' }, given).cache).toMatchObject({
      enabled: true,
      settings: { disk_cache_dir: '/d' },
    });
    expect(load('type: disk', {}, given).off[0]!.reason).toBe('disk_cache_dir is missing: set it in cache_params');
    expect(load('type: disk, disk_cache_dir: os.environ/D', {}, given).off[0]!.reason).toBe(
      'disk_cache_dir is missing: the variable D is not set',
    );
    const entry = { manifests: [...manifests, { ...disk, given: ['disk_cache_dir'] }] };
    expect(load('type: disk', { DISK_DIR: '/d' }, entry).cache).toMatchObject({ enabled: true, settings: {} });
  });

  it('in Redis without a server is off', () => {
    expect(load('type: redis').off).toEqual([
      { kind: 'cache', name: 'redis', reason: 'host is missing: set REDIS_HOST, or host in cache_params' },
    ]);
  });

  it('that takes Redis where there is one is on without it', () => {
    const semantic = aManifest('cache.redis-semantic', {
      configSchema: { properties: { host: { type: 'string' }, similarity_threshold: { type: 'number' } } },
    });
    const given = { manifests: [...manifests, semantic] };
    expect(load('type: redis-semantic, similarity_threshold: 0.9', {}, given).cache).toMatchObject({
      plugin: 'cache.redis-semantic',
      enabled: true,
      settings: { similarity_threshold: 0.9 },
    });
    expect(load('type: redis-semantic', { REDIS_HOST: 'r' }, given).cache?.settings).toEqual({ host: 'r' });
  });

  it('warns about unknown parameters and refuses wrong ones', () => {
    expect(warningsOf(load('type: local, tll: 5'), 'unknown-key')).toEqual([
      "litellm_config.yaml:3: cache_params.tll is not a known key and has no effect. Did you mean 'ttl'?",
    ]);
    expect(problemOf(() => load('type: local, ttl: long'))).toContain(
      "cache_params.ttl must be a number of seconds, not 'long'.",
    );
    expect(problemOf(() => load('type: local, mode: sometimes'))).toContain(
      'cache_params.mode must be default_on or default_off',
    );
  });
});

describe('Redis for limits', () => {
  const router = 'router_settings: {redis_host: router, redis_password: rp}\n';
  const cache = 'litellm_settings: {cache: true, cache_params: {type: redis, host: cache, port: "1"}}\n';

  it.each([
    ['router_settings first', router + cache, { REDIS_HOST: 'env' }, { host: 'router', password: 'rp' }],
    [
      'then the variables',
      cache,
      { REDIS_HOST: 'env', REDIS_SSL: 'true', REDIS_DB: '2' },
      { host: 'env', ssl: true, db: 2 },
    ],
    ['then the cache', cache, {}, { host: 'cache', port: 1 }],
    ['none', 'model_list: []\n', {}, undefined],
    ['an address', 'router_settings: {redis_url: "redis://r"}\n', {}, { url: 'redis://r' }],
    [
      'what is missing from variables',
      'router_settings: {redis_host: r}\n',
      { REDIS_PASSWORD: 'p' },
      { host: 'r', password: 'p' },
    ],
    [
      'a password for the server of the variables',
      'router_settings: {redis_password: rp}\n',
      { REDIS_HOST: 'env' },
      { host: 'env', password: 'rp' },
    ],
    [
      'no port of a container link',
      'model_list: []\n',
      { REDIS_HOST: 'r', REDIS_PORT: 'tcp://10.0.0.1:6379' },
      { host: 'r' },
    ],
  ])('is %s', (_which, yaml, env, expected) => expect(loadYaml(yaml, { env }).redis).toEqual(expected));
});
