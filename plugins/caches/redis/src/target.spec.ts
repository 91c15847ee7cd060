import { describe, expect, it } from '@jest/globals';
import { config } from './config.js';
import { secretsOf, targetOf, type Target } from './target.js';

const read = (settings: object): Target => targetOf(config.parse(settings));

describe('where Redis is', () => {
  const node = (host: string, port: number) => ({ host, port });
  const single = (host: string, port: number) => ({ kind: 'single', node: node(host, port) });
  const cluster = (...nodes: object[]) => ({ kind: 'cluster', nodes });
  const [startup, sentinels] = [[{ host: 'c', port: 7_001 }], [['s', 26_380]]];

  it.each<[object, object]>([
    [{ host: 'h' }, single('h', 6_379)],
    [{ host: 'h', port: 6_380 }, single('h', 6_380)],
    [{ host: 'h', port: '6380' }, single('h', 6_380)],
    [{ url: 'redis://h' }, single('h', 6_379)],
    [{ url: 'redis://h:1' }, single('h', 1)],
    [{ url: 'redis://[::1]:1' }, single('::1', 1)],
    [{ url: 'redis://' }, single('localhost', 6_379)],
    [{ url: 'redis://u', host: 'h' }, single('u', 6_379)],
    [{ redis_startup_nodes: startup }, cluster(node('c', 7_001))],
    [{ redis_startup_nodes: [{ host: 'c', port: '7001' }] }, cluster(node('c', 7_001))],
    [{ redis_startup_nodes: [['c', 7_001], { host: 'd' }] }, cluster(node('c', 7_001), node('d', 6_379))],
    [{ redis_startup_nodes: startup, url: 'redis://u', host: 'h' }, cluster(node('c', 7_001))],
    [{ redis_startup_nodes: [], host: 'h' }, single('h', 6_379)],
    [
      { sentinel_nodes: sentinels, service_name: 'main', host: 'h' },
      { kind: 'sentinel', nodes: [node('s', 26_380)], name: 'main', password: undefined },
    ],
    [
      { sentinel_nodes: [{ host: 's' }], service_name: 'main', sentinel_password: 'p' },
      { kind: 'sentinel', nodes: [node('s', 26_379)], name: 'main', password: 'p' },
    ],
  ])('%j', (settings, place) => expect(read(settings).place).toEqual(place));
});

describe('who we are there', () => {
  const sentinel = { sentinel_nodes: [['s', 1]], service_name: 'main' };
  it.each<[object, Partial<Target>]>([
    [{ host: 'h' }, { username: undefined, password: undefined, db: 0 }],
    [
      { host: 'h', username: '', password: '' },
      { username: undefined, password: undefined },
    ],
    [
      { host: 'h', username: 'u', password: 'p', db: 2 },
      { username: 'u', password: 'p', db: 2 },
    ],
    [{ url: 'redis://u:p%40ss@h/3' }, { username: 'u', password: 'p@ss', db: 3 }],
    [{ url: 'redis://:p@h?db=4' }, { username: undefined, password: 'p', db: 4 }],
    [
      { url: 'redis://h', username: 'u', password: 'p', db: 2 },
      { username: 'u', password: 'p', db: 2 },
    ],
    [
      { url: 'redis://a:b@h/1', username: 'u', password: 'p', db: 2 },
      { username: 'a', password: 'b', db: 1 },
    ],
    [{ redis_startup_nodes: [{ host: 'c' }], url: 'redis://a:b@h', password: 'p' }, { password: 'p' }],
    [{ ...sentinel, sentinel_password: 'sp' }, { password: 'sp' }],
    [{ ...sentinel, sentinel_password: 'sp', password: 'p' }, { password: 'p' }],
  ])('%j', (settings, expected) => expect(read(settings)).toMatchObject(expected));
});

describe('TLS', () => {
  const strict = {
    caFile: undefined,
    certificateFile: undefined,
    keyFile: undefined,
    isVerified: true,
    isHostVerified: true,
  };
  it.each<[object, object | undefined]>([
    [{ host: 'h' }, undefined],
    [{ host: 'h', ssl: false, ssl_ca_certs: '/ca' }, undefined],
    [{ host: 'h', ssl: true }, strict],
    [{ url: 'rediss://h' }, strict],
    [{ url: 'redis://h', ssl: true }, strict],
    [
      { host: 'h', ssl: true, ssl_ca_certs: '/ca' },
      { ...strict, caFile: '/ca' },
    ],
    [
      { host: 'h', ssl: true, ssl_certfile: '/c', ssl_keyfile: '/k' },
      { ...strict, certificateFile: '/c', keyFile: '/k' },
    ],
    [
      { host: 'h', ssl: true, ssl_cert_reqs: 'None' },
      { ...strict, isVerified: false, isHostVerified: false },
    ],
    [
      { host: 'h', ssl: true, ssl_cert_reqs: 'optional' },
      { ...strict, isHostVerified: false },
    ],
    [
      { host: 'h', ssl: true, ssl_check_hostname: false },
      { ...strict, isHostVerified: false },
    ],
    [{ url: 'rediss://h?ssl_cert_reqs=none' }, { ...strict, isVerified: false, isHostVerified: false }],
    [{ url: 'rediss://h?ssl_cert_reqs=none', ssl_cert_reqs: 'required' }, strict],
    [{ url: 'rediss://h?ssl_cert_reqs=perhaps' }, strict],
  ])('%j', (settings, tls) => expect(read(settings).tls).toEqual(tls));
});

it('knows its secrets', () => {
  const sentinel = { sentinel_nodes: [['s', 1]], service_name: 'main' };
  expect(secretsOf(read({ url: 'redis://:in-the-url@h' }))).toEqual(['in-the-url']);
  expect(secretsOf(read({ ...sentinel, sentinel_password: 'sp', password: 'p' }))).toEqual(['p', 'sp']);
  expect(secretsOf(read({ host: 'h' }))).toEqual([]);
});
