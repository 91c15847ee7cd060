// `turnpike import litellm`: the ledger reads the other gateway's database, this asks it to and tells what it did.
import { loadConfig, masterKeyOf, type Flags, type GatewayConfig } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import { LedgerError, type ImportDatabaseRequest, type ImportProgress, type ImportReport } from '@turnpike/rpc';
import { formatReport } from './import-report.js';
import { openLedger, type LedgerFlags } from './ledger-client.js';

type TlsFlags = Pick<Flags, 'ledgerCa' | 'ledgerCert' | 'ledgerKey' | 'ledgerServerName' | 'ledgerInsecure'>;

export interface ImportFlags extends LedgerFlags, TlsFlags {
  databaseUrl?: string;
  saltKey?: string;
  dryRun?: boolean;
  overwrite?: boolean;
  /** Nouns, with commas between them. */
  only?: string;
  /** True: all of them. */
  spendLogs?: boolean | string;
  json?: boolean;
}

export const importLitellm = async (flags: ImportFlags): Promise<void> => {
  const { config } = loadConfig({
    configFile: flags.config,
    flags: configFlagsOf(flags),
    cwd: process.cwd(),
    env: process.env,
    manifests: [],
  });
  const request = requestOf(config, flags);
  const ledger = await openLedger(config, flags);
  try {
    const report = await reportOf(ledger.client.imports.importDatabase(request));
    process.stdout.write(flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
  } catch (error) {
    if (error instanceof LedgerError) throw new Error(error.message, { cause: error });
    throw error;
  } finally {
    await ledger.close();
  }
};

const configFlagsOf = (flags: ImportFlags): Flags => {
  const { dataDir, ledgerCa, ledgerCert, ledgerKey, ledgerServerName, ledgerInsecure } = flags;
  return { dataDir, ledgerCa, ledgerCert, ledgerKey, ledgerServerName, ledgerInsecure };
};

const requestOf = (config: GatewayConfig, flags: ImportFlags): ImportDatabaseRequest => {
  const databaseUrl = flags.databaseUrl ?? process.env['LITELLM_DATABASE_URL'] ?? config.database.url;
  if (!databaseUrl)
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      'Which database? Name it with --database-url, or by the variable LITELLM_DATABASE_URL.',
    );
  return {
    databaseUrl,
    // As there: the master key is what secrets are sealed with where there is no salt.
    saltKey: flags.saltKey ?? config.auth.saltKey ?? masterKeyOf(config).key,
    dryRun: flags.dryRun ?? false,
    overwrite: flags.overwrite ?? false,
    nouns: (flags.only ?? '').split(',').flatMap((noun) => (noun.trim() === '' ? [] : [noun.trim()])),
    includeSpendLogs: flags.spendLogs !== undefined && flags.spendLogs !== false,
    spendLogsSince: typeof flags.spendLogs === 'string' ? dayOf(flags.spendLogs) : undefined,
  };
};

const dayOf = (text: string): Date => {
  const day = new Date(text);
  if (Number.isNaN(day.getTime()))
    throw new GatewayError('GW_CONFIG_INVALID', `--spend-logs: '${text}' is no day, such as 2026-01-31.`);
  return day;
};

type Steps = AsyncIterable<{ step?: { $case: string; progress?: ImportProgress; report?: ImportReport } | undefined }>;

const reportOf = async (steps: Steps): Promise<ImportReport> => {
  let report: ImportReport | undefined;
  for await (const { step } of steps) {
    if (step?.progress) tell(step.progress);
    report = step?.report ?? report;
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (!report) throw new Error('The ledger ended before the import did. Run it again: what was taken over stays.');
  return report;
};

/** For whoever watches; a log has no use for it. */
const tell = ({ noun, done, total }: ImportProgress): void => {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[K${noun} ${done}${total > 0 ? ` of ${total}` : ''} …`);
};
