// Which callbacks are told about finished calls, and which of them cannot be.
import type { JsonObject, JsonValue } from '@turnpike/domain';
import type { CallbackSettings, SwitchedOff } from './canonical.js';
import { isSameDatabase } from './database-url.js';
import type { Environment } from './environment.js';
import { fillableOf, propertiesOf, requiredOf, variablesFor, type Manifests } from './manifests.js';
import { readValue } from './value-types.js';
import type { Settings } from './settings.js';

export interface CallbackContext {
  readonly settings: Settings;
  readonly manifests: Manifests;
  readonly environment: Environment;
  readonly pluginSettings: Readonly<Record<string, JsonObject>>;
}

export interface Callbacks {
  readonly callbacks: CallbackSettings;
  readonly off: SwitchedOff[];
  /** Plugin id → settings, completed from the environment, of the callbacks that were named. */
  readonly pluginSettings: Record<string, JsonObject>;
}

/** A callback whose plugin lacks a required setting is left out and listed; one without a manifest stays as named. */
export const readCallbacks = ({ settings, manifests, environment, pluginSettings }: CallbackContext): Callbacks => {
  const alerting = alertingOf(settings);
  const named = {
    success: settings.get('success_callback') ?? [],
    failure: settings.get('failure_callback') ?? [],
    both: settings.get('callbacks') ?? [],
    alerts: alerting.names,
  };
  const off: SwitchedOff[] = [];
  const completed: Record<string, JsonObject> = {};
  for (const name of new Set([...named.success, ...named.failure, ...named.both, ...named.alerts])) {
    const manifest = manifests.find('callback', name);
    if (!manifest) continue;
    const properties = propertiesOf(manifest);
    const own: JsonObject = { ...pluginSettings[manifest.id] };
    for (const key of fillableOf(manifest)) {
      const found = key in own ? undefined : environment.first(variablesFor(manifest, key));
      if (!found) continue;
      const type = properties[key]?.['type'];
      const typed = type === 'boolean' ? 'switch' : type === 'number' || type === 'integer' ? 'number' : 'text';
      own[key] = readValue(typed, found.value) ?? found.value;
    }
    for (const [key, value] of Object.entries(alerting.settings)) if (key in properties) own[key] ??= value;
    if (isLedgers(own['database_url'], settings)) delete own['database_url'];
    const absent = requiredOf(manifest).find((key) => own[key] === undefined || own[key] === '');
    if (absent === undefined) {
      completed[manifest.id] = own;
      continue;
    }
    const [variable] = variablesFor(manifest, absent);
    off.push({ kind: 'callback', name, reason: `${absent} is missing${variable ? `: set ${variable}` : ''}` });
  }
  const isOn = (name: string): boolean => !off.some((callback) => callback.name === name);
  return {
    callbacks: {
      success: named.success.filter(isOn),
      failure: named.failure.filter(isOn),
      both: named.both.filter(isOn),
      alerts: named.alerts.filter(isOn),
    },
    off,
    pluginSettings: completed,
  };
};

/** What `general_settings` says of alerts is for whichever callback has a setting of that name. */
const ALERTING_KEYS = ['alerting_threshold', 'alert_types', 'alert_to_webhook_url', 'alerting_args'] as const;

const alertingOf = (settings: Settings): { names: readonly string[]; settings: JsonObject } => {
  const { general } = settings.kept();
  const given = ALERTING_KEYS.flatMap((key) => (general[key] === undefined ? [] : [[key, general[key]] as const]));
  const { alerting: names } = general;
  return { names: Array.isArray(names) ? names.map(String) : [], settings: Object.fromEntries(given) };
};

/** What the ledger records, it records once: its database is no callback's. */
const isLedgers = (url: JsonValue | undefined, settings: Settings): boolean => {
  const ledgers = settings.get('database_url');
  return typeof url === 'string' && ledgers !== undefined && isSameDatabase(url, ledgers);
};
