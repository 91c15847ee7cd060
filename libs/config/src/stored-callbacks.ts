// Callbacks that keys and teams bring: settings that came by API, with less trust than the file's.
import { isJsonObject, type JsonObject, type PluginManifest } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { namedCallback } from './callbacks.js';
import type { CallbackSettings } from './canonical.js';
import { Diagnostics } from './diagnostics.js';
import { Environment, ReferenceResolver } from './environment.js';
import { Manifests, settingOf } from './manifests.js';
import { Places } from './places.js';
import { isSecretName } from './secrets.js';

export interface StoredCallbackOptions {
  readonly manifests: readonly PluginManifest[];
  /** All variables; only those in `envNames` can be reached. */
  readonly environment: Readonly<Record<string, string>>;
  /** `general_settings.api_env_names`. */
  readonly envNames: readonly string[];
  /** Plugin id → the file's settings. */
  readonly pluginSettings: Readonly<Record<string, JsonObject>>;
  /** `callback_settings`: the file's own names. */
  readonly named: CallbackSettings['named'];
}

export interface StoredCallback {
  /** Plugin id. */
  readonly id: string;
  readonly settings: JsonObject;
}

/**
 * @param name as in `callback_name`
 * @param variables as in `callback_vars`: LiteLLM's names (`langfuse_public_key`) or the plugin's own
 * @throws GW_CONFIG_INVALID
 */
export const readStoredCallback = (
  name: string,
  variables: JsonObject,
  { manifests: all, environment, envNames, pluginSettings, named }: StoredCallbackOptions,
): StoredCallback => {
  const ofFile = namedCallback({ named }, name);
  const manifest = new Manifests(all).find('callback', ofFile?.plugin ?? name);
  if (!manifest) throw new GatewayError('GW_CONFIG_INVALID', `There is no callback '${name}'.`);
  const reached = Object.fromEntries(Object.entries(environment).filter(([variable]) => envNames.includes(variable)));
  const resolver = new ReferenceResolver(new Environment([{ label: '', values: reached }]), new Places());
  const diagnostics = new Diagnostics(false);
  const given: JsonObject = resolver.resolve({ ...variables });
  resolver.report(diagnostics);
  const [refused] = diagnostics.warnings;
  if (refused) throw new GatewayError('GW_CONFIG_INVALID', `Callback '${name}': ${refused.message}`);

  // Whoever may choose an address must not get our keys sent there.
  const isOurs = Object.keys(variables).length === 0;
  const own = Object.entries(ofFile?.settings ?? pluginSettings[manifest.id] ?? {}).filter(
    ([setting, value]) => isOurs || !(isJsonObject(value) || isSecretName(setting)),
  );
  const settings: JsonObject = Object.fromEntries(own);
  for (const [variable, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const setting = settingOf(manifest, variable);
    if (manifest.fileOnly?.includes(setting))
      throw new GatewayError('GW_CONFIG_INVALID', `Callback '${name}': ${setting} comes from the configuration alone.`);
    settings[setting] = value;
  }
  return { id: manifest.id, settings };
};
