// `model_group_alias` and `model_group`: public names that stand for other names.
import { isJsonObject, type JsonObject, type JsonValue, type ModelAlias } from '@turnpike/domain';
import type { Diagnostics } from './diagnostics.js';
import type { Targets } from './targets.js';

const nameOf = (value: JsonValue | undefined): string | undefined => {
  if (typeof value === 'string') return value;
  return isJsonObject(value) && typeof value['model'] === 'string' ? value['model'] : undefined;
};

/** `x: target`, `x: { model, hidden }`, or `x: [a, b, c]`, a cascade. */
export const readAliases = (
  written: JsonObject,
  where: string | undefined,
  diagnostics: Diagnostics,
): Record<string, ModelAlias> => {
  const aliases: Record<string, ModelAlias> = {};
  for (const [alias, value] of Object.entries(written)) {
    const names = (Array.isArray(value) ? value : [value]).map(nameOf);
    if (names.length === 0 || names.includes(undefined)) {
      const shapes = 'a model name, {model, hidden}, or a list of model names';
      diagnostics.fail(`model_group_alias.${alias} must be ${shapes}.`, where);
      continue;
    }
    const isHidden = isJsonObject(value) && (value['hidden'] === true || value['hidden'] === 'true');
    aliases[alias] = { targets: names as string[], hidden: isHidden };
  }
  return aliases;
};

/**
 * Puts the targets through `targets`. An alias that is also the name of deployments keeps those, last unless the
 * cascade names them itself: then the alias stands in its own list.
 */
export const resolveAliases = (
  aliases: Readonly<Record<string, ModelAlias>>,
  where: string | undefined,
  ownNames: ReadonlySet<string>,
  targets: Targets,
): Record<string, ModelAlias> => {
  const resolved: Record<string, ModelAlias> = {};
  for (const [alias, { targets: written, hidden }] of Object.entries(aliases)) {
    const names = written.flatMap((name) => targets.resolve(name, `model_group_alias.${alias}`, where) ?? []);
    const cascade = new Set(names);
    if (ownNames.has(alias)) cascade.add(alias);
    else cascade.delete(alias);
    const isOnlyItself = cascade.size === 1 && cascade.has(alias);
    if (cascade.size > 0 && !isOnlyItself) resolved[alias] = { targets: [...cascade], hidden };
  }
  return resolved;
};

/** `model_group: { name: [groups] }`: the deployments of several groups under one name. */
export const readUnions = (
  written: JsonObject,
  where: string | undefined,
  diagnostics: Diagnostics,
): Record<string, string[]> => {
  const unions: Record<string, string[]> = {};
  for (const [union, value] of Object.entries(written)) {
    const names = (Array.isArray(value) ? value : [value]).map(nameOf);
    if (names.length === 0 || names.includes(undefined)) {
      diagnostics.fail(`model_group.${union} must be a list of model names.`, where);
    } else {
      unions[union] = names as string[];
    }
  }
  return unions;
};

/** A union that is also the name of deployments holds those too. */
export const resolveUnions = (
  unions: Readonly<Record<string, readonly string[]>>,
  where: string | undefined,
  ownNames: ReadonlySet<string>,
  targets: Targets,
): Record<string, string[]> => {
  const resolved: Record<string, string[]> = {};
  for (const [union, written] of Object.entries(unions)) {
    const names = new Set(written.flatMap((name) => targets.resolve(name, `model_group.${union}`, where) ?? []));
    if (ownNames.has(union)) names.add(union);
    else names.delete(union);
    if (names.size > 0) resolved[union] = [...names];
  }
  return resolved;
};
