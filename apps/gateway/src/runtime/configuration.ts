// From the files to a configuration and the plugins it may use. The same way at start and at every reload.
import {
  loadPluginSources,
  openConfig,
  type LoadedConfig,
  type LoadOptions,
  type OpenedConfig,
} from '@turnpike/config';
import { discoverPlugins, shareSdk, type Bundle, type PluginCatalogue } from '@turnpike/kernel';

export type ConfigurationOptions = Omit<LoadOptions, 'manifests'>;

export interface Configuration extends LoadedConfig {
  catalogue: PluginCatalogue;
  /** The files that it is of, to be joined with what is stored. */
  opened: OpenedConfig;
}

/**
 * Foreign plugins are read first: only their manifests tell which keys of the file are theirs.
 * @throws GW_CONFIG_INVALID, GW_PLUGIN_*
 */
export const readConfiguration = async (bundle: Bundle, options: ConfigurationOptions): Promise<Configuration> => {
  const builtIn = await discoverPlugins(bundle, [], options.cwd);
  const sources = loadPluginSources({ ...options, manifests: builtIn.manifests() });
  // Its resolve hook slows every import, so it is for those who need it.
  if (sources.length > 0) shareSdk(bundle.packed?.sdk);
  const catalogue = sources.length > 0 ? await discoverPlugins(bundle, sources, options.cwd) : builtIn;
  const opened = openConfig({ ...options, manifests: catalogue.manifests() });
  return { ...opened.read(), catalogue, opened };
};
