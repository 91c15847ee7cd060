// The ledger's settings, as the gateway needs them.
import type { JournalSettings, LedgerSettings } from './canonical.js';
import type { SettingsSource } from './gateway-settings.js';

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
  return {
    address: settings.get('ledger_address') || undefined,
    token: settings.get('gateway_token') || undefined,
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
