// The ledger's settings, as the gateway needs them.
import type { JournalSettings, LedgerSettings, LedgerTls } from './canonical.js';
import type { SettingsSource } from './gateway-settings.js';
import { isNearLedger } from './ledger-tls.js';

const GIBIBYTE = 1_073_741_824;
/** Less than that would be full after a moment without the ledger. */
const LEAST_JOURNAL_BYTES = 1_048_576;

const WHEN_FULL = ['refuse', 'drop'] as const satisfies readonly JournalSettings['whenFull'][];
const SYNC_MODES = ['none', 'interval', 'always'] as const satisfies readonly JournalSettings['sync'][];

export const readLedger = (source: SettingsSource): LedgerSettings => {
  const { settings, diagnostics } = source;
  const maxBytes = settings.get('journal_max_bytes') ?? GIBIBYTE;
  if (maxBytes < LEAST_JOURNAL_BYTES) {
    diagnostics.fail(
      `journal_max_bytes must be ${LEAST_JOURNAL_BYTES} or more, not ${maxBytes}.`,
      settings.where('journal_max_bytes'),
    );
  }
  if (settings.get('key_rotation_enabled'))
    diagnostics.warn(
      'value',
      'key_rotation_enabled (LITELLM_KEY_ROTATION_ENABLED) has no effect: no key changes its secret by itself. ' +
        'Call /key/{key}/regenerate with a grace_period instead.',
      settings.where('key_rotation_enabled'),
    );
  const address = settings.get('ledger_address') || undefined;
  return {
    address,
    token: settings.get('gateway_token') || undefined,
    tls: tlsOf(source, address),
    rotationGrace: settings.get('key_rotation_grace_period'),
    keyCacheMax: Math.max(1, settings.get('key_cache_max') ?? 20_000),
    keyCacheTtlMs: (settings.get('key_cache_ttl') ?? settings.get('user_api_key_cache_ttl') ?? 60) * 1_000,
    keyStaleTtlMs: (settings.get('key_stale_ttl') ?? 3_600) * 1_000,
    journal: {
      maxBytes,
      whenFull: oneOf(source, 'journal_full', WHEN_FULL),
      sync: oneOf(source, 'journal_sync', SYNC_MODES),
    },
  };
};

/** Keys and what calls cost travel there: in clear only where nobody listens, or the operator said so. */
const tlsOf = ({ settings, diagnostics }: SettingsSource, address: string | undefined): LedgerTls | undefined => {
  const [caFile, certFile, keyFile, serverName] = (
    ['ledger_ca', 'ledger_cert', 'ledger_key', 'ledger_server_name'] as const
  ).map((name) => settings.get(name) || undefined);
  if ((certFile === undefined) !== (keyFile === undefined))
    diagnostics.fail(
      'ledger_cert and ledger_key belong together: a certificate, and the key that it is for.',
      settings.where(certFile === undefined ? 'ledger_key' : 'ledger_cert'),
    );
  const isGiven = [caFile, certFile, serverName].some((one) => one !== undefined);
  if (isGiven || settings.get('ledger_tls')) return { caFile, certFile, keyFile, serverName };
  if (address !== undefined && !isNearLedger(address) && !settings.get('ledger_insecure'))
    diagnostics.doubt(
      'security',
      `The ledger at ${address} is on another machine, and is spoken to in clear. Name the authority of its certificate ` +
        'with ledger_ca (LEDGER_CA), or set ledger_insecure: true where the network itself is trusted.',
      settings.where('ledger_address'),
    );
  return undefined;
};

/** The first is what holds when nothing is written. */
const oneOf = <T extends string>(
  { settings, diagnostics }: SettingsSource,
  name: 'journal_full' | 'journal_sync',
  choices: readonly [T, ...T[]],
): T => {
  const written = settings.get(name);
  const choice = choices.find((one) => one === written);
  if (written !== undefined && choice === undefined)
    diagnostics.fail(`${name} is one of ${choices.join(', ')}, not '${written}'.`, settings.where(name));
  return choice ?? choices[0];
};
