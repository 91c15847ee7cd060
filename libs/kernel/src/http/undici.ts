// What connects, of undici. Its front door brings fetch, web sockets and mocks along: two thirds of its modules, which every
// start would read and every worker keep.
import type * as Undici from 'undici';
import agent from 'undici/lib/dispatcher/agent.js';
import envHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import pool from 'undici/lib/dispatcher/pool.js';

export const Agent = agent as typeof Undici.Agent;
export const EnvHttpProxyAgent = envHttpProxyAgent as typeof Undici.EnvHttpProxyAgent;
export const Pool = pool as typeof Undici.Pool;
