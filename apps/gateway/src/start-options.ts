// How a gateway process is told what to run: one JSON document in its environment, from the command line tool.
import { GatewayError } from '@turnpike/errors';
import {
  ledgerSocketIn,
  readLedgerTls,
  type GatewayConfig,
  type LedgerCertificates,
  type LoadOptions,
} from '@turnpike/config';
import type { Bundle } from '@turnpike/kernel';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ConfigurationOptions } from './runtime/configuration.js';

export interface StartOptions {
  configFile?: string;
  flags: LoadOptions['flags'];
  /** The command line runs a ledger beside the gateway, which knows it by this. A secret. */
  ledgerToken?: string;
  /** `serve` listens; `check` and `show` read the configuration and end. */
  action: 'serve' | 'check' | 'show' | 'openapi';
}

const VARIABLE = 'TURNPIKE_START';

export const readStartOptions = (env: Readonly<Record<string, string | undefined>>): StartOptions => {
  const text = env[VARIABLE];
  if (text === undefined) return { flags: {}, action: 'serve' };
  try {
    return JSON.parse(text) as StartOptions;
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `${VARIABLE} is not JSON.`, { cause });
  }
};

/** Where the ledger is, what it knows this gateway by, and what certificates say of both. */
export interface LedgerPlace {
  readonly address: string;
  readonly token: string;
  readonly tls?: LedgerCertificates | undefined;
}

/** Where the ledger is: configured, or beside the gateway. @throws GW_CONFIG_INVALID */
export const ledgerOf = (
  { ledgerToken }: StartOptions,
  { ledger: { address, token, tls }, server }: GatewayConfig,
): LedgerPlace | undefined => {
  if (ledgerToken !== undefined) return { address: `unix:${ledgerSocketIn(server.dataDir)}`, token: ledgerToken };
  if (address === undefined) return undefined;
  if (token !== undefined) return { address, token, tls: readLedgerTls(tls) };
  throw new GatewayError(
    'GW_CONFIG_INVALID',
    `The ledger at ${address} takes gateways by a token. Set TURNPIKE_GATEWAY_TOKEN to the same text for both.`,
  );
};

export const loadOptions = ({ configFile, flags }: StartOptions): ConfigurationOptions => ({
  configFile,
  flags,
  cwd: process.cwd(),
  env: process.env,
});

/** What `npm run build` has packed; there is nothing of it beside code that runs unpacked. */
const PACKED = {
  plugins: fileURLToPath(new URL('./plugins', import.meta.url)),
  sdk: fileURLToPath(new URL('./plugin-sdk.js', import.meta.url)),
};

/** The built-in plugins. `TURNPIKE_BUNDLE` names another list, for slimmer builds. */
export const readBundle = (): Bundle => {
  const file = process.env['TURNPIKE_BUNDLE'] ?? new URL('../../../deploy/bundles/standard.json', import.meta.url);
  const bundle = JSON.parse(readFileSync(file, 'utf8')) as Bundle;
  return existsSync(PACKED.sdk) ? { ...bundle, packed: PACKED } : bundle;
};
