// Finds the value of each setting: which of the places that give it wins, and what the others are told.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { Diagnostics } from './diagnostics.js';
import type { Environment } from './environment.js';
import { placeText, type Places, type VariableState } from './places.js';
import { isSecretName } from './secrets.js';
import type { SETTINGS } from './setting-keys.js';
import { SECTION_NAMES, SETTING_KEYS, type Section, type SettingKey, type SettingName } from './setting-keys.js';
import { readValue, saysNothing, wrongType, type ValueTypes } from './value-types.js';

/** A section, or the top level of the file, where a misplaced key counts least. */
type Area = Section | 'top';

export type SectionTrees = Readonly<Record<Area, JsonObject>>;

/** Values given on the command line, by the setting each stands for. */
export type FlagValues = Partial<Record<SettingName, JsonValue>>;

export interface UnsetVariable {
  readonly variable: string;
  readonly state: VariableState;
  readonly where: string | undefined;
}

export interface SettingsContext {
  readonly trees: SectionTrees;
  readonly flags: FlagValues;
  readonly environment: Environment;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

/** After the home section of a key, the others in this order. */
const ORDER: readonly Area[] = ['router', 'litellm', 'general', 'top'];

interface Found {
  value: JsonValue;
  /** `file:line`, a flag or a variable. */
  where: string | undefined;
  /** As the sections name it, for messages. */
  name: string;
  /** Name and place. */
  label: string;
}

/** The home of a database address is `general_settings`; one written elsewhere counts only when nothing else gives it. */
const WEAK_WHEN_MISPLACED = new Set<string>(['database_url']);

export class Settings {
  readonly #found = new Map<string, Found>();
  readonly #unset = new Map<string, UnsetVariable>();

  constructor(private readonly context: SettingsContext) {
    for (const [name, key] of SETTING_KEYS) {
      const found = this.#find(name, key);
      if (found) this.#found.set(name, found);
    }
  }

  get<K extends SettingName>(name: K): ValueTypes[(typeof SETTINGS)[K]['type']] | undefined {
    return this.#found.get(name)?.value as ValueTypes[(typeof SETTINGS)[K]['type']] | undefined;
  }

  /** Where the value in use was given. */
  where(name: SettingName): string | undefined {
    return this.#found.get(name)?.where;
  }

  /** A file gives the setting by a variable that holds nothing, and no other file gives it. */
  unset(name: SettingName): UnsetVariable | undefined {
    return this.#unset.get(name);
  }

  /** Everything found, by home section. */
  kept(): Record<Section, JsonObject> {
    const kept: Record<Section, JsonObject> = { general: {}, litellm: {}, router: {} };
    for (const [name, { value }] of this.#found) kept[SETTING_KEYS.get(name)!.homes[0]!][name] = value;
    return kept;
  }

  #find(name: string, key: SettingKey): Found | undefined {
    const { flags, diagnostics } = this.context;
    const flag = flags[name as SettingName];
    if (flag !== undefined) {
      const value = readValue(key.type, flag);
      const where = `--${name}`;
      if (value !== undefined) return { value, where, name: where, label: where };
      diagnostics.fail(`${where} ${wrongType(key.type, flag, isSecretName(name))}`);
    }
    const inFiles = this.#findInFiles(name, key);
    const inEnvironment = this.#findInEnvironment(key);
    if (!inFiles) return inEnvironment;
    if (!inEnvironment) return inFiles.found;
    const isWeak = WEAK_WHEN_MISPLACED.has(name) && !key.homes.includes(inFiles.area as Section);
    const [winner, loser] = isWeak ? [inEnvironment, inFiles.found] : [inFiles.found, inEnvironment];
    if (!isSame(winner.value, loser.value)) this.#noteDuplicate(winner, loser);
    return winner;
  }

  #findInFiles(name: string, key: SettingKey): { found: Found; area: Area } | undefined {
    const { trees, places, diagnostics } = this.context;
    let winner: { found: Found; area: Area } | undefined;
    for (const area of [...key.homes, ...ORDER.filter((other) => !key.homes.includes(other as Section))]) {
      const tree = trees[area];
      const place = places.at(tree, name);
      const written = tree[name];
      if (written === undefined && place?.variable !== undefined && place.state && !this.#unset.has(name)) {
        this.#unset.set(name, { variable: place.variable, state: place.state, where: placeText(place) });
      }
      if (saysNothing(key.type, written)) continue;
      const where = placeText(place);
      const fullName = area === 'top' ? name : `${SECTION_NAMES[area]}.${name}`;
      const value = readValue(key.type, written!);
      if (value === undefined) {
        diagnostics.fail(`${fullName} ${wrongType(key.type, written!, isSecretName(name))}`, where);
        continue;
      }
      const found: Found = { value, where, name: fullName, label: where ? `${fullName} at ${where}` : fullName };
      if (winner) {
        this.#noteDuplicate(winner.found, found);
        continue;
      }
      winner = { found, area };
      this.#unset.delete(name);
      if (!key.homes.includes(area as Section)) {
        const home = key.homes.map((section) => SECTION_NAMES[section]).join(' or ');
        diagnostics.warn('moved-key', `${fullName} is at home under ${home}.`, where);
      }
    }
    return winner;
  }

  #findInEnvironment(key: SettingKey): Found | undefined {
    const { environment, diagnostics } = this.context;
    const variable = environment.first(key.env);
    if (!variable) return undefined;
    const value = readValue(key.type, variable.value);
    const where = environment.where(variable.name);
    if (value !== undefined) {
      return { value, where, name: `The variable ${variable.name}`, label: `the variable ${where}` };
    }
    const message = `The variable ${variable.name} ${wrongType(key.type, variable.value, isSecretName(variable.name))}`;
    diagnostics.doubt('value', `${message} It is not used.`, where);
    return undefined;
  }

  #noteDuplicate(winner: Found, loser: Found): void {
    this.context.diagnostics.warn('duplicate', `${loser.name} is not used: ${winner.label} wins.`, loser.where);
  }
}

const isSame = (a: JsonValue, b: JsonValue): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The sections of a file, and its top level. */
export const sectionTrees = (root: JsonObject, places: Places, diagnostics: Diagnostics): SectionTrees => {
  const section = (name: Section): JsonObject => {
    const key = SECTION_NAMES[name];
    const value = root[key];
    if (value === undefined || value === null) return {};
    if (isJsonObject(value)) return value;
    diagnostics.fail(`${key} ${wrongType('map', value, false)}`, places.text(root, key));
    return {};
  };
  return { general: section('general'), litellm: section('litellm'), router: section('router'), top: root };
};
