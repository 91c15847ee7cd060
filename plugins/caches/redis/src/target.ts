// The settings as one structure, whichever way they are written.
import type { RedisSettings } from './config.js';

const PORT = 6_379;
const SENTINEL_PORT = 26_379;

export interface Node {
  readonly host: string;
  readonly port: number;
}

export type Place =
  | { readonly kind: 'single'; readonly node: Node }
  | { readonly kind: 'cluster'; readonly nodes: readonly Node[] }
  | { readonly kind: 'sentinel'; readonly nodes: readonly Node[]; readonly name: string; readonly password?: string };

export interface Tls {
  /** Paths. */
  readonly caFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  /** The certificate must come from somebody we trust. */
  readonly isVerified: boolean;
  /** It must be that of the host we asked for. */
  readonly isHostVerified: boolean;
}

export interface Target {
  readonly place: Place;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: Tls | undefined;
}

const nodesOf = (written: RedisSettings['sentinel_nodes'], usualPort: number): Node[] =>
  (written ?? []).map(({ host, port = usualPort }) => ({ host, port }));

interface ParsedUrl {
  readonly node: Node;
  readonly username: string;
  readonly password: string;
  readonly db: number | undefined;
  readonly isTls: boolean;
  readonly certificate: string | null;
}

/** `rediss://user:p%40ss@host:6380/2?ssl_cert_reqs=none`; the database may stand in the query too. */
const parse = (text: string): ParsedUrl => {
  const url = new URL(text);
  const db = /^\/(\d+)$/.exec(url.pathname)?.[1] ?? url.searchParams.get('db');
  return {
    // Brackets belong to addresses of version 6 in URLs only.
    node: { host: url.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost', port: Number(url.port || PORT) },
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    db: db ? Number(db) : undefined,
    isTls: url.protocol === 'rediss:',
    certificate: url.searchParams.get('ssl_cert_reqs'),
  };
};

const tlsOf = (settings: RedisSettings, certificate: string | null | undefined): Tls => {
  const required = settings.ssl_cert_reqs ?? certificate?.toLowerCase();
  return {
    caFile: settings.ssl_ca_certs || undefined,
    certificateFile: settings.ssl_certfile || undefined,
    keyFile: settings.ssl_keyfile || undefined,
    isVerified: required !== 'none',
    isHostVerified: required !== 'none' && required !== 'optional' && settings.ssl_check_hostname !== false,
  };
};

/** The first of cluster, sentinels, address and host that is given. What an address says counts for more than the rest. */
export const targetOf = (settings: RedisSettings): Target => {
  const clusterNodes = nodesOf(settings.redis_startup_nodes, PORT);
  const sentinelNodes = nodesOf(settings.sentinel_nodes, SENTINEL_PORT);
  const isSingle = clusterNodes.length === 0 && sentinelNodes.length === 0;
  const url = isSingle && settings.url ? parse(settings.url) : undefined;
  const sentinelPassword = settings.sentinel_password || undefined;
  const place: Place =
    clusterNodes.length > 0
      ? { kind: 'cluster', nodes: clusterNodes }
      : sentinelNodes.length > 0
        ? { kind: 'sentinel', nodes: sentinelNodes, name: settings.service_name!, password: sentinelPassword }
        : { kind: 'single', node: url?.node ?? { host: settings.host!, port: settings.port ?? PORT } };
  // LiteLLM lets the sentinels' password do for the master as well.
  const fallback = place.kind === 'sentinel' ? sentinelPassword : undefined;
  return {
    place,
    username: url?.username || settings.username || undefined,
    password: url?.password || settings.password || fallback,
    db: url?.db ?? settings.db ?? 0,
    tls: settings.ssl === true || url?.isTls ? tlsOf(settings, url?.certificate) : undefined,
  };
};

/** What must never be read in an error or a log. */
export const secretsOf = ({ place, password }: Target): string[] =>
  [password, place.kind === 'sentinel' ? place.password : undefined].filter((secret) => secret !== undefined);
