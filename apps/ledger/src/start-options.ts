// What a ledger process runs with: the gateway's own configuration file, and what the command line adds.
import { ledgerSocketIn, loadConfig, masterKeyOf, type Flags, type GatewayConfig } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KeySettings } from './services/key-settings.js';

/** TURNPIKE_LEDGER_START, as the command line writes it. */
export interface LedgerStart {
  configFile?: string;
  flags: Flags & GrpcFlags;
  /** It runs beside a gateway, which proves itself with this. */
  embedded?: { token: string };
}

interface GrpcFlags {
  grpcAddress?: string;
  grpcInsecure?: boolean;
  grpcCert?: string;
  grpcKey?: string;
  grpcClientCa?: string;
}

export interface LedgerOptions {
  /** `unix:/path` or `host:port`. */
  readonly addresses: readonly string[];
  /** Of these, one that need not be had: another ledger may have it. */
  readonly optionalAddress: string | undefined;
  readonly tls: { readonly certificate: Buffer; readonly key: Buffer; readonly clientCa?: Buffer } | undefined;
  readonly grpcInsecure: boolean;
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly poolSize: number;
  /** A secret. */
  readonly masterKey: string;
  /** A secret. */
  readonly saltKey: string | undefined;
  /** What gateways prove themselves with. A secret. */
  readonly gatewayToken: string;
  /** IANA. */
  readonly timeZone: string;
  readonly keySettings: KeySettings;
  /** Variables that stored values may name. */
  readonly apiEnvNames: readonly string[];
  /** "24h"; absent: none. */
  readonly rotationGrace: string | undefined;
  /** Of the installation as a whole. */
  readonly budget: GatewayConfig['budget'];
  readonly logging: GatewayConfig['logging'];
  /** LiteLLM's keys as written, for features that read theirs. */
  readonly kept: GatewayConfig['kept'];
}

/** Beside a gateway nobody else needs to reach it, but admin clients of this machine may. */
const USUAL_ADDRESS = '127.0.0.1:50051';

const VARIABLE = 'TURNPIKE_LEDGER_START';

const readStart = (env: NodeJS.ProcessEnv): LedgerStart => {
  const text = env[VARIABLE];
  if (text === undefined) return { flags: {} };
  try {
    return JSON.parse(text) as LedgerStart;
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `${VARIABLE} is not JSON.`, { cause });
  }
};

/** @throws GW_CONFIG_INVALID */
export const readLedgerOptions = (env: NodeJS.ProcessEnv, cwd: string): LedgerOptions => {
  const { configFile, flags, embedded } = readStart(env);
  const { strict: _strict, ...lenient } = flags;
  // The gateway is who tells of keys that it does not know; here only a few are read.
  const { config } = loadConfig({ configFile, flags: lenient, cwd, env, manifests: [] });
  const wanted = flags.grpcAddress ?? env['TURNPIKE_GRPC_ADDRESS'];
  const tcp = wanted ?? USUAL_ADDRESS;
  const socket = embedded && `unix:${ledgerSocketIn(config.server.dataDir)}`;
  const hasTcp = tcp !== '' && tcp !== 'off';
  const token = embedded?.token ?? config.ledger.token;
  return {
    addresses: [...(socket ? [socket] : []), ...(hasTcp ? [tcp] : [])],
    optionalAddress: embedded && wanted === undefined ? tcp : undefined,
    tls: tlsOf(flags, env),
    grpcInsecure: flags.grpcInsecure ?? isOn(env['TURNPIKE_GRPC_INSECURE']),
    databaseUrl: config.database.url,
    dataDir: config.server.dataDir,
    poolSize: config.database.poolLimit,
    masterKey: masterKeyOf(config).key,
    saltKey: config.auth.saltKey,
    // Without a token no gateway is let in, and admin clients are.
    gatewayToken: token ?? randomBytes(32).toString('hex'),
    timeZone: timeZoneOf(config),
    keySettings: config.kept.litellm,
    apiEnvNames: config.auth.apiEnvNames,
    rotationGrace: config.ledger.rotationGrace,
    budget: config.budget,
    logging: config.logging,
    kept: config.kept,
  };
};

const isOn = (text: string | undefined): boolean => /^(true|1|yes|on)$/i.test(text?.trim() ?? '');

const tlsOf = (flags: GrpcFlags, env: NodeJS.ProcessEnv): LedgerOptions['tls'] => {
  const grpcCert = flags.grpcCert ?? (env['TURNPIKE_GRPC_CERT'] || undefined);
  const grpcKey = flags.grpcKey ?? (env['TURNPIKE_GRPC_KEY'] || undefined);
  const grpcClientCa = flags.grpcClientCa ?? (env['TURNPIKE_GRPC_CLIENT_CA'] || undefined);
  if (grpcCert === undefined && grpcKey === undefined && grpcClientCa === undefined) return undefined;
  if (grpcCert === undefined || grpcKey === undefined)
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      'TLS needs both --grpc-cert (TURNPIKE_GRPC_CERT) and --grpc-key (TURNPIKE_GRPC_KEY).',
    );
  return {
    certificate: fileOf(grpcCert, '--grpc-cert'),
    key: fileOf(grpcKey, '--grpc-key'),
    ...(grpcClientCa !== undefined && { clientCa: fileOf(grpcClientCa, '--grpc-client-ca') }),
  };
};

const fileOf = (path: string, flag: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `${flag}: ${path} cannot be read.`, { cause });
  }
};

/** `litellm_settings.timezone`: where days, weeks and months of budgets begin. */
const timeZoneOf = ({ kept }: GatewayConfig): string => {
  const written = (kept.litellm as JsonObject)['timezone'];
  if (typeof written !== 'string' || written === '') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: written }).resolvedOptions().timeZone;
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `litellm_settings.timezone: there is no time zone '${written}'.`, {
      cause,
    });
  }
};
