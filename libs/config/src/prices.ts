// What prices come from, and what operators take off costs and put on them.
import { isJsonObject, type JsonValue } from '@turnpike/domain';
import { resolve } from 'node:path';
import type { MarginSettings, PriceSettings } from './canonical.js';
import type { SettingsSource } from './gateway-settings.js';
import type { Manifests } from './manifests.js';

export interface PricesSource extends SettingsSource {
  readonly manifests: Manifests;
}

/** Costs of providers that are not installed are nobody's: a name that no provider has is passed over with a warning. */
export const readPrices = (source: PricesSource, cwd: string): PriceSettings => {
  const { settings } = source;
  const file = settings.get('price_file');
  const margins = byProvider(source, 'cost_margin_config', (value) => marginOf(value));
  const { global, ...ofProviders } = margins;
  return {
    file: file === undefined ? undefined : resolve(cwd, file),
    discounts: byProvider(source, 'cost_discount_config', (value) => {
      const rate = numberOf(value);
      return rate !== undefined && rate >= 0 && rate <= 1 ? rate : undefined;
    }),
    margins: ofProviders,
    margin: global,
  };
};

const EXPECTED = {
  cost_discount_config: 'a part from 0 to 1, 0.05 for five percent',
  cost_margin_config: 'a part such as 0.05, or percentage and fixed_amount (US dollars)',
} as const;

const byProvider = <T>(
  { settings, diagnostics, manifests }: PricesSource,
  name: keyof typeof EXPECTED,
  read: (value: JsonValue) => T | undefined,
): Record<string, T> => {
  const found: Record<string, T> = {};
  const where = settings.where(name);
  for (const [provider, written] of Object.entries(settings.get(name) ?? {})) {
    const value = read(written ?? null);
    if (value === undefined) diagnostics.fail(`${name}.${provider} must be ${EXPECTED[name]}.`, where);
    const id = provider === 'global' ? provider : manifests.provider(provider)?.id;
    // The ledger reads the same file, and knows no plugins.
    if (id === undefined && manifests.all.length > 0)
      diagnostics.warn('unresolved', `${name}.${provider}: no provider has this name.`, where);
    if (id !== undefined && value !== undefined) found[id] = value;
  }
  return found;
};

const marginOf = (value: JsonValue): MarginSettings | undefined => {
  const rate = numberOf(value);
  if (rate !== undefined) return rate >= 0 ? { rate, fixedUsd: 0 } : undefined;
  if (!isJsonObject(value)) return undefined;
  const { percentage = 0, fixed_amount: fixed = 0, ...others } = value;
  const parts = { rate: numberOf(percentage), fixedUsd: numberOf(fixed) };
  if (parts.rate === undefined || parts.fixedUsd === undefined || Object.keys(others).length > 0) return undefined;
  return parts.rate >= 0 && parts.fixedUsd >= 0 ? { rate: parts.rate, fixedUsd: parts.fixedUsd } : undefined;
};

/** `0.05` and `"0.05"`. */
const numberOf = (value: JsonValue): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};
