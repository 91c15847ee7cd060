// Which callbacks are told about finished calls, and which of them cannot be.
import type { JsonObject, JsonValue, PluginManifest } from '@turnpike/domain';
import { readCallbackSettings } from './callback-settings.js';
import type { CallbackSettings, NamedCallback, SwitchedOff } from './canonical.js';
import { isSameDatabase } from './database-url.js';
import type { Diagnostics } from './diagnostics.js';
import type { Environment } from './environment.js';
import { alternativesOf, fillableOf, propertiesOf, requiredOf, variablesFor, type Manifests } from './manifests.js';
import type { Places } from './places.js';
import { readValue } from './value-types.js';
import type { Settings } from './settings.js';

export interface CallbackContext {
  readonly settings: Settings;
  readonly manifests: Manifests;
  readonly environment: Environment;
  readonly pluginSettings: Readonly<Record<string, JsonObject>>;
  /** Ids of plugins that are not told what was asked and answered. */
  readonly withoutContent: ReadonlySet<string>;
  /** The file. */
  readonly root: JsonObject;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

export interface Callbacks {
  readonly callbacks: CallbackSettings;
  readonly off: SwitchedOff[];
  /** Plugin id → settings, completed from the environment, of the callbacks that were named. */
  readonly pluginSettings: Record<string, JsonObject>;
}

/** A callback whose plugin lacks a required setting is left out and listed; one without a manifest stays as named. */
export const readCallbacks = (context: CallbackContext): Callbacks => {
  const { settings, manifests, pluginSettings, withoutContent } = context;
  const alerting = alertingOf(settings);
  const told = {
    success: settings.get('success_callback') ?? [],
    failure: settings.get('failure_callback') ?? [],
    both: settings.get('callbacks') ?? [],
    alerts: alerting.names,
  };
  const entries = readCallbackSettings(context.root, manifests, context);
  const off: SwitchedOff[] = [];
  const completed: Record<string, JsonObject> = {};
  const named: Record<string, NamedCallback> = {};
  const hidden: string[] = [];
  const listed = new Set([...told.success, ...told.failure, ...told.both, ...told.alerts]);
  // Keys may name those that the file lists nowhere.
  for (const name of new Set([...listed, ...entries.keys()])) {
    const entry = entries.get(name);
    const manifest = entry?.manifest ?? manifests.find('callback', name);
    if (!manifest) continue;
    const shared = entry?.isOwn ? {} : pluginSettings[manifest.id];
    const own = complete({ ...shared, ...entry?.settings }, manifest, alerting.settings, context);
    if ((entry?.hidesContent ?? false) || (!entry?.isOwn && withoutContent.has(manifest.id))) hidden.push(name);
    const reason = lackOf(own, manifest);
    if (reason !== undefined) {
      if (listed.has(name)) off.push({ kind: 'callback', name, reason });
    } else if (entry?.isOwn) named[name] = { plugin: manifest.id, settings: own };
    else completed[manifest.id] = own;
  }
  const isOn = (name: string): boolean => !off.some((callback) => callback.name === name);
  return {
    callbacks: {
      success: told.success.filter(isOn),
      failure: told.failure.filter(isOn),
      both: told.both.filter(isOn),
      alerts: told.alerts.filter(isOn),
      named,
      withoutContent: hidden.filter(isOn),
    },
    off,
    pluginSettings: completed,
  };
};

/** With what variables, and the settings of alerts, give besides. */
const complete = (
  given: JsonObject,
  manifest: PluginManifest,
  ofAlerts: JsonObject,
  { environment, settings }: CallbackContext,
): JsonObject => {
  const own: JsonObject = { ...given };
  const properties = propertiesOf(manifest);
  for (const key of fillableOf(manifest)) {
    const found = key in own ? undefined : environment.first(variablesFor(manifest, key));
    if (!found) continue;
    const type = properties[key]?.['type'];
    const typed = type === 'boolean' ? 'switch' : type === 'number' || type === 'integer' ? 'number' : 'text';
    own[key] = readValue(typed, found.value) ?? found.value;
  }
  for (const [key, value] of Object.entries(ofAlerts)) if (key in properties) own[key] ??= value;
  if (isLedgers(own['database_url'], settings)) delete own['database_url'];
  return own;
};

/** Why it cannot be used; undefined: it can. */
const lackOf = (own: JsonObject, manifest: PluginManifest): string | undefined => {
  const isAbsent = (key: string): boolean => own[key] === undefined || own[key] === '';
  const alternatives = alternativesOf(manifest);
  const isAnyComplete = alternatives.length === 0 || alternatives.some((keys) => !keys.some(isAbsent));
  const absent =
    requiredOf(manifest).find(isAbsent) ?? (isAnyComplete ? undefined : alternatives.flat().find(isAbsent));
  if (absent === undefined) return undefined;
  const [variable] = variablesFor(manifest, absent);
  return `${absent} is missing${variable ? `: set ${variable}` : ''}`;
};

/** The callback of its own that goes by a name. */
export const namedCallback = ({ named }: Pick<CallbackSettings, 'named'>, name: string): NamedCallback | undefined =>
  Object.hasOwn(named, name) ? named[name] : undefined;

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
