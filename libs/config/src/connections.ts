// The settings a deployment gives its provider plugin, and whether they suffice for a call.
import type { JsonObject, JsonValue, PluginManifest } from '@turnpike/domain';
import type { Environment } from './environment.js';
import { alternativesOf, fillableOf, isGivenByEntry, propertiesOf, requiredOf, variablesFor } from './manifests.js';
import type { VariableState } from './places.js';
import { isSecretName } from './secrets.js';
import { readValue } from './value-types.js';

/** Connection keys that were written as variables which gave nothing. */
export type UnsetKeys = ReadonlyMap<string, { variable: string; state: VariableState }>;

/** A setting in the type that the plugin's schema asks for: YAML reads `1` and `"1"` differently, people do not. */
const fit = (value: JsonValue, schema: JsonObject | undefined): JsonValue => {
  switch (schema?.['type']) {
    case 'string':
      return typeof value === 'object' ? value : String(value);
    case 'number':
    case 'integer':
      return readValue('number', value) ?? value;
    case 'boolean':
      return readValue('switch', value) ?? value;
  }
  return value;
};

/**
 * Completes what was written by what the provider's manifest reads from the environment.
 *
 * @param unset keys that were written but gave nothing: the environment does not fill those
 */
export const completeConnection = (
  written: Readonly<JsonObject>,
  unset: UnsetKeys,
  manifest: PluginManifest,
  environment: Environment,
): JsonObject => {
  const properties = propertiesOf(manifest);
  const connection: JsonObject = {};
  for (const [key, value] of Object.entries(written)) {
    if (value !== undefined && value !== null && value !== '') connection[key] = fit(value, properties[key]);
  }
  for (const key of fillableOf(manifest)) {
    if (key in written || unset.has(key)) continue;
    const found = environment.first(variablesFor(manifest, key));
    if (found) connection[key] = fit(found.value, properties[key]);
  }
  return connection;
};

const KEY = 'api_key';
const ADDRESS = 'api_base';

const isGiven = (connection: Readonly<JsonObject>, key: string): boolean => {
  const value = connection[key];
  return value !== undefined && value !== null && value !== '';
};

/**
 * Why a deployment cannot be called, or undefined when it can. It is off when
 * - a variable that was written for its address is missing or empty: the default address would get somebody else's key;
 * - a setting is absent that the plugin's schema requires, or none of the schema's `anyOf` sets is complete;
 * - a key is absent and it would call the provider's own cloud (the schema has no `anyOf` that says otherwise, and its
 *   default address is `https://`);
 * - a variable that was written for a credential is missing, and it calls no other address than the provider's own.
 */
export const whyUnusable = (
  connection: Readonly<JsonObject>,
  unset: UnsetKeys,
  manifest: PluginManifest,
): string | undefined => {
  const address = unset.get(ADDRESS);
  if (address) return `${ADDRESS} is not known: ${stateOf(address)}`;
  const absent = absentSetting(connection, manifest) ?? absentCredential(connection, unset, manifest);
  if (absent === undefined) return undefined;
  const written = unset.get(absent);
  if (written) return `${absent} is missing: ${stateOf(written)}`;
  const [variable] = variablesFor(manifest, absent);
  return `${absent} is missing: set ${variable === undefined ? '' : `${variable}, or `}${absent} in litellm_params`;
};

/** What the plugin's schema says outright. */
const absentSetting = (connection: Readonly<JsonObject>, manifest: PluginManifest): string | undefined => {
  const required = requiredOf(manifest).find((key) => !isGiven(connection, key));
  if (required !== undefined) return required;
  const alternatives = alternativesOf(manifest);
  const isComplete = (keys: readonly string[]): boolean => keys.every((key) => isGiven(connection, key));
  return alternatives.length === 0 || alternatives.some(isComplete)
    ? undefined
    : alternatives.flat().find((key) => !isGiven(connection, key));
};

/** What follows from where the call would go: a cloud needs a key, a server of one's own may not. */
const absentCredential = (
  connection: Readonly<JsonObject>,
  unset: UnsetKeys,
  manifest: PluginManifest,
): string | undefined => {
  const properties = propertiesOf(manifest);
  const standard = properties[ADDRESS]?.['default'];
  const isElsewhere = connection[ADDRESS] === undefined && isGivenByEntry(manifest, ADDRESS);
  const address = connection[ADDRESS] ?? standard;
  const isCloud = !isElsewhere && isText(standard) && standard.startsWith('https://') && sameAddress(address, standard);
  const hasCredential = Object.keys(properties).some(
    (key) => isSecretName(key) && (isGiven(connection, key) || isGivenByEntry(manifest, key)),
  );
  const isToldBySchema = alternativesOf(manifest).length > 0;
  if (isCloud && KEY in properties && !hasCredential && !isToldBySchema) return KEY;
  if (isElsewhere || (address !== undefined && !isCloud)) return undefined;
  return [...unset].find(([key, { state }]) => isSecretName(key) && state === 'missing')?.[0];
};

const isText = (value: JsonValue | undefined): value is string => typeof value === 'string';

const sameAddress = (a: JsonValue | undefined, b: string): boolean =>
  isText(a) && a.replace(/\/+$/, '') === b.replace(/\/+$/, '');

const stateOf = ({ variable, state }: { variable: string; state: VariableState }): string =>
  `the variable ${variable} is ${state === 'missing' ? 'not set' : 'empty'}`;
