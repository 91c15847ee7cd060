// Keys of the sections that are not settings of the gateway: a plugin's own, or somebody's slip.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { readSettingsMap } from './callback-settings.js';
import type { Diagnostics } from './diagnostics.js';
import type { Manifests } from './manifests.js';
import type { Places } from './places.js';
import { SECTION_NAMES, SETTING_KEYS, TOP_KEYS, type Section } from './setting-keys.js';
import type { SectionTrees } from './settings.js';
import { suggestion } from './nearest.js';

/** Keys of LiteLLM's sinks: known, and kept for the plugins that will read them. */
const SINK_KEY = new RegExp(
  `^(?:${[
    'agentops|argilla|arize|athina|azure_sentinel|azure_storage|braintrust|cloudzero|datadog|dd|deepeval|dynamodb',
    'galileo|gcs|generic_logger|greenscale|helicone|humanloop|lago|langfuse|langsmith|langtrace|levo|literalai|logfire',
    'lunary|mlflow|openmeter|opik|otel|pagerduty|phoenix|posthog|promptlayer|resend|s3|sendgrid|sentry|signoz|slack',
    'smtp|splunk|sqs|sumologic|supabase|traceloop|vantage|wandb|weave|webhook',
  ].join('|')})(?:_|$)`,
);

/** Reported by its own reader: a guardrail that is passed over must not be a mere warning. */
const GUARDRAILS = 'guardrails';

export interface PluginKeys {
  /** Plugin id → settings. */
  readonly pluginSettings: Record<string, JsonObject>;
  /** Ids of plugins that are not told what was asked and answered. */
  readonly withoutContent: ReadonlySet<string>;
  /** Known keys of sinks that no manifest claims, by section. */
  readonly kept: Record<Section, JsonObject>;
}

/** Gives each key that is no setting to the plugin that claims it, and warns about those that nobody knows. */
export const readPluginKeys = (
  trees: SectionTrees,
  manifests: Manifests,
  places: Places,
  diagnostics: Diagnostics,
): PluginKeys => {
  const pluginSettings: Record<string, JsonObject> = {};
  const kept: Record<Section, JsonObject> = { general: {}, litellm: {}, router: {} };
  const withoutContent = new Set<string>();
  const givenAt = new Map<string, string | undefined>();

  const give = (id: string, setting: string, value: JsonValue, where: string | undefined): string | undefined => {
    const slot = `${id}/${setting}`;
    if (givenAt.has(slot)) return givenAt.get(slot) ?? 'another';
    givenAt.set(slot, where);
    (pluginSettings[id] ??= {})[setting] = value;
    return undefined;
  };

  for (const section of ['router', 'litellm', 'general'] as const) {
    for (const [key, value] of Object.entries(trees[section])) {
      if (value === undefined || key === GUARDRAILS || isOurs(key, section, manifests)) continue;
      const where = places.text(trees[section], key);
      const label = `${SECTION_NAMES[section]}.${key}`;
      const ownerOfMap = manifests.ownerOfMap(key);
      if (ownerOfMap) {
        if (isJsonObject(value)) {
          const { id } = ownerOfMap;
          const { settings, hidesContent } = readSettingsMap(value, ownerOfMap, label, { places, diagnostics });
          if (hidesContent) withoutContent.add(id);
          for (const [setting, inner] of Object.entries(settings)) {
            const winner = give(id, setting, inner!, where);
            if (winner) diagnostics.warn('duplicate', `${label}.${setting} is not used: ${winner} wins.`, where);
          }
        } else if (value !== null) diagnostics.fail(`${label} must be a map of settings.`, where);
        continue;
      }
      const owner = manifests.ownerOf(key);
      if (owner) {
        const winner = give(owner.manifest.id, owner.settingName, value, where);
        if (winner) diagnostics.warn('duplicate', `${label} is not used: ${winner} wins.`, where);
      } else if (SINK_KEY.test(key)) {
        kept[section][key] = value;
      } else {
        const name = SECTION_NAMES[section];
        const hint = key in TOP_KEYS ? ` Write it at the top level.` : suggestion(key, SETTING_KEYS.keys());
        diagnostics.doubt('unknown-key', `${name}.${key} is not a known key and has no effect.${hint}`, where);
      }
    }
  }
  noteUnknownTopKeys(trees.top, places, diagnostics);
  return { pluginSettings, withoutContent, kept };
};

/** A setting of the gateway away from its home section is also the plugin's that claims it by its whole name. */
const isOurs = (key: string, section: Section, manifests: Manifests): boolean => {
  const setting = SETTING_KEYS.get(key);
  return setting !== undefined && (setting.homes.includes(section) || !manifests.claims(key));
};

/** `x-…` is where YAML authors keep their anchors. */
const noteUnknownTopKeys = (root: JsonObject, places: Places, diagnostics: Diagnostics): void => {
  for (const key of Object.keys(root)) {
    if (key in TOP_KEYS || SETTING_KEYS.has(key) || key.startsWith('x-')) continue;
    const hint = suggestion(key, [...Object.keys(TOP_KEYS), ...SETTING_KEYS.keys()]);
    diagnostics.doubt('unknown-key', `${key} is not a known key and has no effect.${hint}`, places.text(root, key));
  }
};
