// What connects, of undici. Its front door brings fetch, web sockets and mocks along: two thirds of its modules, which every
// start would read and every worker keep.
import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof Undici.Agent;
export const EnvHttpProxyAgent = load(
  'undici/lib/dispatcher/env-http-proxy-agent.js',
) as typeof Undici.EnvHttpProxyAgent;
export const Pool = load('undici/lib/dispatcher/pool.js') as typeof Undici.Pool;
