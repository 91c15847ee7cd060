// What the rest of the house must know of a plugin before running it: static data, so that no other file names it.
import type { JsonObject } from './json.js';

export type PluginKind = 'provider' | 'strategy' | 'cache' | 'callback' | 'guardrail';

export interface PluginManifest {
  /** `<kind>.<name>`: config key, log field, metric label and documentation address in one. */
  id: string;
  /** Contract and version, for instance `provider/v1`. */
  contract: string;
  capabilities: string[];
  /** JSON Schema of its settings; draws forms and tells its keys from others. */
  configSchema: JsonObject;
  /** Settings that the file's `plugins` entry gives for every use of it, by name: nobody needs to give them again. */
  given?: string[];
  /** `groq/`: model names that are this provider's. */
  prefixes: string[];
  /** Sources of regular expressions for bare model names, for instance `^claude-`. */
  recognises: string[];
  /** Other spellings in configurations: `latency-based`, `local`. */
  aliases: string[];
  /** Environment variable → config key. Earlier ones win. */
  env: Record<string, string>;
  /** Keys of other sections that belong to it: `langfuse_*`, `webhook_url`, `safety_settings`. */
  legacyKeys: string[];
  /** Keys of other sections that hold several of its settings, by name: `s3_callback_params`. */
  legacyMaps?: string[];
  /** Settings that nothing but the configuration may give: no API, no key. */
  fileOnly?: string[];
  failure: 'open' | 'closed';
  needs: string[];
}

/** Where a plugin comes from: a package of the bundle, an installed package, or a path beside the config file. */
export interface PluginSource {
  /** What the file wrote: a package name or an absolute path. */
  package?: string;
  path?: string;
  /** `sha512-<base64>` over the plugin's entry file. */
  integrity?: string;
  /** Settings for the plugin, or by id when the package holds several. */
  config?: JsonObject;
  /** `file:line`, for messages. */
  source?: string;
}
