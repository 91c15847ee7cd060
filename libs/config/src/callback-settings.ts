// Settings of callbacks that stand together: `callback_settings`, and maps such as `s3_callback_params`.
import { isJsonObject, type JsonObject, type PluginManifest } from '@turnpike/domain';
import type { Diagnostics } from './diagnostics.js';
import { propertiesOf, settingOf, type Manifests } from './manifests.js';
import { suggestion } from './nearest.js';
import type { Places } from './places.js';
import { readValue, wrongType } from './value-types.js';

export interface SettingsMap {
  readonly settings: JsonObject;
  /** What was asked and answered is not for this callback. */
  readonly hidesContent: boolean;
}

export interface CallbackEntry extends SettingsMap {
  readonly manifest: PluginManifest;
  /** The entry is a callback of its own, beside others of the same plugin. */
  readonly isOwn: boolean;
}

interface MapContext {
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

/** LiteLLM's switches, each with its value that hides. */
const HIDING: Readonly<Record<string, boolean>> = { turn_off_message_logging: true, message_logging: false };

/** @param label of the map, for messages */
export const readSettingsMap = (
  map: JsonObject,
  manifest: PluginManifest,
  label: string,
  { places, diagnostics }: MapContext,
): SettingsMap => {
  const settings: JsonObject = {};
  const properties = propertiesOf(manifest);
  let hidesContent = false;
  for (const [key, value] of Object.entries(map)) {
    // A variable that is not set has been told of already.
    if (value === undefined || value === null) continue;
    const where = places.text(map, key);
    const name = settingOf(manifest, key);
    if (Object.hasOwn(properties, name)) settings[name] = value;
    else if (Object.hasOwn(HIDING, key)) {
      const isOn = readValue('switch', value);
      if (isOn === undefined) diagnostics.fail(`${label}.${key} ${wrongType('switch', value, false)}`, where);
      // What cannot be read must not let anything out.
      hidesContent ||= isOn === undefined || isOn === HIDING[key];
    } else {
      const hint = suggestion(key, Object.keys(properties));
      diagnostics.doubt(
        'unknown-key',
        `${label}.${key} is no setting of ${manifest.id} and has no effect.${hint}`,
        where,
      );
    }
  }
  return { settings, hidesContent };
};

/** By name: settings of the callback that is called so, or of one of its own with `callback_type`. */
export const readCallbackSettings = (
  root: JsonObject,
  manifests: Manifests,
  context: MapContext,
): Map<string, CallbackEntry> => {
  const { places, diagnostics } = context;
  const entries = new Map<string, CallbackEntry>();
  const written = root['callback_settings'];
  if (!isJsonObject(written)) return entries;
  for (const [name, entry] of Object.entries(written)) {
    const label = `callback_settings.${name}`;
    const where = places.text(written, name);
    if (!isJsonObject(entry)) {
      diagnostics.fail(`${label} must be a map of settings.`, where);
      continue;
    }
    const { callback_type: type = name } = entry;
    const manifest = typeof type === 'string' ? manifests.find('callback', type) : undefined;
    if (!manifest) {
      const hint = suggestion(String(type), manifests.names('callback'));
      const what = 'callback_type' in entry ? `.callback_type '${String(type)}' is` : ' is';
      diagnostics.doubt('unknown-key', `${label}${what} no callback, so it has no effect.${hint}`, where);
      continue;
    }
    const settings = { ...entry };
    places.copy(entry, settings);
    delete settings['callback_type'];
    const isOwn = manifests.find('callback', name) !== manifest;
    entries.set(name, { manifest, isOwn, ...readSettingsMap(settings, manifest, label, context) });
  }
  return entries;
};
