// Fallbacks in every spelling → group → targets in order.
import { isJsonObject, type FallbackTarget, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { Diagnostics } from './diagnostics.js';
import type { Targets } from './targets.js';

/** Holds for every group without fallbacks of its own. */
export const EVERY_GROUP = '*';

export type FallbackMap = Record<string, FallbackTarget[]>;

const SHAPE =
  'must be a list such as [{model-a: [model-b, model-c]}], or a list of model names that holds for every model';

/** `name`, `{ model: name, …overrides }`, or a list of them. Undefined for anything else. */
const readTargets = (value: JsonValue | undefined): FallbackTarget[] | undefined => {
  if (typeof value === 'string') return [{ model: value }];
  if (Array.isArray(value)) {
    const targets = value.map(readTargets);
    return targets.includes(undefined) ? undefined : targets.flatMap((list) => list!);
  }
  if (!isJsonObject(value) || typeof value['model'] !== 'string') return undefined;
  const { model, ...overrides } = value;
  return [Object.keys(overrides).length === 0 ? { model } : { model, overrides }];
};

const addTo = (map: FallbackMap, group: string, targets: readonly FallbackTarget[]): void => {
  const list = (map[group] ??= []);
  for (const target of targets) {
    if (target.overrides || !list.some(({ model, overrides }) => model === target.model && !overrides))
      list.push(target);
  }
};

/** A plain list of names is one cascade: every group falls down it, and a group in it falls to those after it. */
const addCascade = (map: FallbackMap, targets: readonly FallbackTarget[]): void => {
  addTo(map, EVERY_GROUP, targets);
  targets.forEach(({ model }, index) => {
    map[model] ??= [...targets.slice(index + 1)];
  });
};

/** The model of `{ model_name: x, fallbacks: [ … ] }`; undefined for the other shapes. */
const spelledOut = (item: JsonObject): string | undefined => {
  const group = item['model_name'] ?? item['model'];
  return 'fallbacks' in item && typeof group === 'string' ? group : undefined;
};

/**
 * Reads `[a, b]`, `[{ x: [a] }]`, `[{ x: a }]`, `{ x: [a] }`, `[{ model_name: x, fallbacks: [a] }]` and mixtures.
 *
 * @param name the setting, for messages
 */
export const readFallbacks = (
  value: JsonValue | undefined,
  name: string,
  where: string | undefined,
  diagnostics: Diagnostics,
): FallbackMap => {
  const map: FallbackMap = {};
  if (value === undefined) return map;
  const cascade: FallbackTarget[] = [];
  const refuse = (): void => diagnostics.fail(`${name} ${SHAPE}.`, where);
  const add = (group: string, written: JsonValue | undefined): void => {
    const targets = readTargets(written);
    if (targets) addTo(map, group, targets);
    else refuse();
  };

  for (const item of Array.isArray(value) ? value : [value]) {
    if (typeof item === 'string') {
      cascade.push({ model: item });
    } else if (!isJsonObject(item)) {
      refuse();
    } else {
      const group = spelledOut(item);
      const entries = group === undefined ? Object.entries(item) : [[group, item['fallbacks']] as const];
      for (const [from, to] of entries) add(from, to);
    }
  }
  if (cascade.length > 0) addCascade(map, cascade);
  return map;
};

/** The targets of a setting that holds for every group: `default_fallbacks`, `fallback_model`, `fallback_models`. */
export const readDefaultFallbacks = (
  value: JsonValue | undefined,
  name: string,
  where: string | undefined,
  diagnostics: Diagnostics,
): FallbackMap => {
  if (value === undefined) return {};
  const targets = readTargets(value);
  if (targets) return targets.length === 0 ? {} : { [EVERY_GROUP]: targets };
  diagnostics.fail(`${name} must be a model name or a list of model names.`, where);
  return {};
};

/** Joins maps; targets of a later one come after those of an earlier one, each once. */
export const joinFallbacks = (maps: readonly FallbackMap[]): FallbackMap => {
  const joined: FallbackMap = {};
  for (const map of maps) {
    for (const [group, targets] of Object.entries(map)) addTo(joined, group, targets);
  }
  return joined;
};

/**
 * Puts every name through `targets`; what cannot be resolved is left out with a warning. A group whose targets are all
 * left out has no fallbacks of its own; one that was given an empty list keeps it, and falls back to nothing.
 */
export const resolveFallbacks = (
  map: FallbackMap,
  name: string,
  where: string | undefined,
  targets: Targets,
): FallbackMap => {
  const resolved: FallbackMap = {};
  for (const [written, list] of Object.entries(map)) {
    const group = written === EVERY_GROUP ? written : targets.resolveGroup(written, name, where);
    if (group === undefined) continue;
    const use = group === EVERY_GROUP ? name : `${name} of ${group}`;
    const known = list.flatMap((target) => {
      const model = targets.resolve(target.model, use, where);
      return model === undefined || (model === group && !target.overrides) ? [] : [{ ...target, model }];
    });
    const isEmptied = known.length === 0 && list.length > 0;
    if (!isEmptied) addTo(resolved, group, known);
  }
  return resolved;
};
