// Command-line flags and the settings they stand for.
import type { FlagValues } from './settings.js';
import type { SettingName } from './setting-keys.js';

export interface Flags {
  readonly host?: string;
  readonly port?: number;
  readonly numWorkers?: number;
  /** Seconds. */
  readonly keepaliveTimeout?: number;
  readonly maxRequestsBeforeRestart?: number;
  readonly dataDir?: string;
  /** Seconds. */
  readonly requestTimeout?: number;
  readonly dropParams?: boolean;
  /** USD. */
  readonly maxBudget?: number;
  readonly debug?: boolean;
  readonly detailedDebug?: boolean;
  readonly verbose?: boolean;
  /** Files, PEM. */
  readonly ledgerCa?: string;
  readonly ledgerCert?: string;
  readonly ledgerKey?: string;
  readonly ledgerServerName?: string;
  readonly ledgerInsecure?: boolean;
  /** Turns doubts (unknown keys, missing variables, an open gateway …) into errors. */
  readonly strict?: boolean;

  /** Without a file: the one model to serve. With one: answers every chat, whatever model is asked for. */
  readonly model?: string;
  /** Public name of `model`. */
  readonly alias?: string;
  readonly apiBase?: string;
  readonly apiVersion?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
}

const SETTING_OF = {
  host: 'host',
  port: 'port',
  numWorkers: 'num_workers',
  keepaliveTimeout: 'keepalive_timeout',
  maxRequestsBeforeRestart: 'max_requests_before_restart',
  dataDir: 'data_dir',
  requestTimeout: 'request_timeout',
  dropParams: 'drop_params',
  maxBudget: 'max_budget',
  debug: 'debug',
  detailedDebug: 'detailed_debug',
  verbose: 'set_verbose',
  ledgerCa: 'ledger_ca',
  ledgerCert: 'ledger_cert',
  ledgerKey: 'ledger_key',
  ledgerServerName: 'ledger_server_name',
  ledgerInsecure: 'ledger_insecure',
} as const satisfies Partial<Record<keyof Flags, SettingName>>;

export const flagValues = (flags: Flags): FlagValues => {
  const values: FlagValues = {};
  for (const [flag, setting] of Object.entries(SETTING_OF)) {
    const value = flags[flag as keyof typeof SETTING_OF];
    if (value !== undefined) values[setting] = value;
  }
  return values;
};
