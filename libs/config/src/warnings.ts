// What start-up and `config check` say about a configuration.
import type { ConfigWarning, GatewayConfig } from './canonical.js';

export interface WarningOptions {
  /** Also keys that stand in another section than LiteLLM's documentation has them: harmless, so only `check` tells. */
  readonly withMovedKeys?: boolean;
}

/** The most important first. */
const ORDER: readonly ConfigWarning['kind'][] = [
  'security',
  'missing-variable',
  'unresolved',
  'unknown-key',
  'value',
  'duplicate',
  'moved-key',
];

/** One line a warning: `litellm_config.yaml:12: …`. */
export const formatWarnings = (config: Pick<GatewayConfig, 'warnings'>, options: WarningOptions = {}): string[] =>
  config.warnings
    .filter(({ kind }) => kind !== 'moved-key' || options.withMovedKeys === true)
    .toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
    .map(({ message, where }) => (where === undefined ? message : `${where}: ${message}`));

/** One line for each deployment, cache and callback that is off: its name and why. */
export const describeOff = ({ disabled, off }: Pick<GatewayConfig, 'disabled' | 'off'>): string[] => [
  ...disabled.map(({ modelName, model, reason, source }) => {
    const place = source === undefined ? '' : ` (${source})`;
    return `${modelName} → ${model} is off: ${reason}${place}`;
  }),
  ...off.map(({ kind, name, reason }) => `${kind} ${name} is off: ${reason}`),
];
