// Connection pools: one per origin, kept alive; through a proxy where the environment says so.
import type * as Undici from 'undici';
import { rootCertificates } from 'node:tls';
import { EgressGuard } from './egress-guard.js';
import type { HttpClientSettings } from './settings.js';
import { Agent, EnvHttpProxyAgent, Pool } from './undici.js';

/** An upstream that is silent this long before it even accepts the connection is away. */
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;

/** Distinct origins are few; more than this is a mistake or an attack, so the oldest goes. */
const MAX_ORIGINS = 1_000;

export class Pools {
  readonly guard: EgressGuard;
  private readonly trusted = new Map<string, Undici.Dispatcher>();
  private readonly proxied: Undici.Dispatcher | undefined;
  private readonly guarded: Undici.Agent;
  private readonly options: Undici.Pool.Options;

  constructor(settings: HttpClientSettings) {
    this.guard = new EgressGuard(settings.allowedHosts);
    const connect = {
      timeout: settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      rejectUnauthorized: settings.verifyTls,
      ...(settings.extraCa ? { ca: [...rootCertificates, settings.extraCa] } : {}),
      ...(settings.forceIpv4 ? { family: 4, autoSelectFamily: false } : { autoSelectFamily: true }),
    };
    this.options = {
      connect,
      // One request a connection: an answer never waits behind another's.
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      allowH2: false,
    };
    const { http, https, none } = settings.proxy;
    if (http ?? https) {
      this.proxied = new EnvHttpProxyAgent({
        ...this.options,
        // Empty strings keep undici from reading the environment behind the settings' back.
        httpProxy: http ?? '',
        httpsProxy: https ?? '',
        noProxy: none ?? '',
        requestTls: connect,
      });
    }
    this.guarded = new Agent({ ...this.options, connect: { ...connect, lookup: this.guard.lookup } });
  }

  /** For addresses from the operator's file. */
  forOrigin(origin: string): Undici.Dispatcher {
    if (this.proxied) return this.proxied;
    let pool = this.trusted.get(origin);
    if (!pool) {
      if (this.trusted.size >= MAX_ORIGINS) this.evictOldest();
      pool = new Pool(origin, this.options);
      this.trusted.set(origin, pool);
    }
    return pool;
  }

  /** For all other addresses. @throws GW_EGRESS_REFUSED for literal addresses; names are checked at connect */
  forGuarded(url: URL): Undici.Dispatcher {
    this.guard.checkUrl(url);
    return this.guarded;
  }

  /** Open and pending requests over all origins. */
  stats(): { origin: string; running: number; queued: number }[] {
    return [...this.trusted].map(([origin, pool]) => {
      const { running, queued } = (pool as Undici.Pool).stats;
      return { origin, running, queued };
    });
  }

  /** Ends idle connections and waits for open requests; those still open after `graceMs` are cut. */
  async close(graceMs: number): Promise<void> {
    const all = [...this.trusted.values(), this.guarded, ...(this.proxied ? [this.proxied] : [])];
    const timer = setTimeout(() => all.forEach((pool) => void pool.destroy()), graceMs);
    await Promise.allSettled(all.map((pool) => pool.close()));
    clearTimeout(timer);
  }

  private evictOldest(): void {
    const [origin, pool] = this.trusted.entries().next().value ?? [];
    if (origin === undefined) return;
    this.trusted.delete(origin);
    void pool?.close();
  }
}
