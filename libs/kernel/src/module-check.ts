// The first look at a plugin: is this thing one, and one that this host can serve? Nothing of it runs.
import type { JsonObject, PluginManifest } from '@turnpike/domain';
import { GatewayError, type ErrorCode } from '@turnpike/errors';
import { capabilitiesOf, contractNames, workingCapabilitiesOf, z, type AnyPlugin } from '@turnpike/plugin-sdk';

const ID = /^(provider|strategy|cache|callback|guardrail)\.[a-z0-9][a-z0-9_.-]*$/i;

export type PluginStep = 'find' | 'import' | 'check' | 'config' | 'init' | 'start' | 'hook' | 'stop' | 'health';

/** Names plugin, step and remedy, as every failure at start must. */
export const pluginError = (
  code: ErrorCode,
  id: string,
  step: PluginStep,
  problem: string,
  cause?: unknown,
): GatewayError => {
  const error = new GatewayError(code, `Plugin ${id}, step ${step}: ${problem}`, { provider: id, cause });
  return error;
};

/** @throws GW_PLUGIN_CONTRACT, GW_PLUGIN_INVALID */
export const checkModule = (value: unknown, origin: string): AnyPlugin => {
  if (typeof value !== 'object' || value === null) {
    throw pluginError(
      'GW_PLUGIN_INVALID',
      origin,
      'check',
      'its default export is not a plugin. Export what definePlugin returns.',
    );
  }
  const module = value as Partial<AnyPlugin>;
  const contract = String(module.contract);
  if (!contractNames().includes(contract)) {
    throw pluginError(
      'GW_PLUGIN_CONTRACT',
      typeof module.id === 'string' ? module.id : origin,
      'check',
      `it needs contract '${contract}'; this host serves ${contractNames().join(', ')}.`,
    );
  }
  const id = String(module.id);
  const problem = shapeProblem(module, id, contract);
  if (problem) throw pluginError('GW_PLUGIN_INVALID', id === 'undefined' ? origin : id, 'check', problem);
  return module as AnyPlugin;
};

const shapeProblem = (module: Partial<AnyPlugin>, id: string, contract: string): string | undefined => {
  if (!ID.test(id)) return `its id '${id}' is not of the form <kind>.<name>.`;
  if (!contract.startsWith(`${id.slice(0, id.indexOf('.'))}/`))
    return `its id '${id}' and its contract '${contract}' are of different kinds.`;
  const capabilities: unknown = module.capabilities;
  if (!Array.isArray(capabilities) || capabilities.length === 0) return 'it declares no capabilities.';
  const known = capabilitiesOf(contract);
  const strange = capabilities.filter((name) => !known.includes(String(name)));
  if (strange.length > 0)
    return `it declares '${strange.join("', '")}', which ${contract} does not know (${known.join(', ')}).`;
  const working = workingCapabilitiesOf(contract);
  if (!working.some((name) => capabilities.includes(name)))
    return `it can serve no call: it must declare at least one of ${working.join(', ')}.`;
  if (typeof module.init !== 'function') return 'it has no init function.';
  const schema: unknown = module.config;
  if (typeof (schema as { safeParse?: unknown } | undefined)?.safeParse !== 'function')
    return 'its config is not a zod schema.';
  if (!refusesUnknownKeys(module as AnyPlugin)) {
    return 'its config accepts any key, so a misspelt one would be lost in silence. Use z.strictObject.';
  }
  return undefined;
};

const refusesUnknownKeys = (module: AnyPlugin): boolean => {
  const schema = configSchemaOf(module);
  // Beside its own properties a schema may have an `anyOf` that says which of them belong together.
  if (schema['additionalProperties'] === false) return true;
  const alternatives = [schema['anyOf'], schema['oneOf'], schema['allOf']].find((list) => Array.isArray(list));
  return alternatives?.every((one) => (one as JsonObject)['additionalProperties'] === false) ?? false;
};

const configSchemaOf = (module: AnyPlugin): JsonObject =>
  z.toJSONSchema(module.config, { io: 'input', unrepresentable: 'any' }) as JsonObject;

/** The static data of a module. */
export const toManifest = (module: AnyPlugin): PluginManifest => ({
  id: module.id,
  contract: module.contract,
  capabilities: [...module.capabilities],
  configSchema: configSchemaOf(module),
  prefixes: [...(module.prefixes ?? [])],
  recognises: (module.recognises ?? []).map((pattern) => pattern.source),
  aliases: [...(module.aliases ?? [])],
  env: { ...module.env },
  legacyKeys: [...(module.legacyKeys ?? [])],
  ...(module.legacyMaps && { legacyMaps: [...module.legacyMaps] }),
  ...(module.fileOnly && { fileOnly: [...module.fileOnly] }),
  failure: module.failure ?? (module.contract.startsWith('guardrail/') ? 'closed' : 'open'),
  needs: [...(module.needs ?? [])],
});
