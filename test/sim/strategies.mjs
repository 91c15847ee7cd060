/** The built-in routing strategies, set up with their defaults. */
import { readFileSync } from 'node:fs';

/** @typedef {{ name: string, select: import('@turnpike/plugin-sdk').SelectV1 }} Strategy */

const BUNDLE = new URL('../../deploy/bundles/standard.json', import.meta.url);
const PREFIX = 'strategy.';

/** @type {import('@turnpike/plugin-sdk').Logger} */
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** @returns {Promise<Strategy[]>} by name */
export const loadStrategies = async () => {
  /** @type {{ plugins: { package: string, manifests: { id: string }[] }[] }} */
  const { plugins } = JSON.parse(readFileSync(BUNDLE, 'utf8'));
  const strategies = plugins.filter(({ manifests }) => manifests.some(({ id }) => id.startsWith(PREFIX)));
  return Promise.all(
    strategies.map(async (plugin) => {
      const { default: module } = await import(plugin.package);
      const { select } = module.init(module.config.parse({}), { log: silent });
      return { name: module.id.slice(PREFIX.length), select };
    }),
  );
};
