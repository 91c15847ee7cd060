// Variables from the process, `.env` and `.env.litellm`, and what `os.environ/NAME` in a file stands for.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { databaseUrlFromParts } from './database-url.js';
import type { Diagnostics } from './diagnostics.js';
import { placeText, type Place, type Places } from './places.js';
import { displayPath, readText } from './read-text.js';

interface Layer {
  /** Empty for the process environment. */
  readonly label: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** Layers of variables; an earlier layer wins. A variable that is set to nothing is set. */
export class Environment {
  readonly #layers: Layer[];

  constructor(layers: readonly Layer[]) {
    this.#layers = [...layers];
  }

  get(name: string): string | undefined {
    return this.#find(name)?.values[name];
  }

  /** The first of `names` that holds something. */
  first(names: readonly string[]): { name: string; value: string } | undefined {
    for (const name of names) {
      const value = this.get(name);
      if (value !== undefined && value !== '') return { name, value };
    }
    return undefined;
  }

  /** A variable with the file it comes from, for messages. */
  where(name: string): string {
    const label = this.#find(name)?.label;
    return label ? `${name} in ${label}` : name;
  }

  /** Puts variables above all others. */
  override(label: string, values: Readonly<Record<string, string>>): void {
    this.#layers.unshift({ label, values });
  }

  /** Everything in one record. */
  all(): Record<string, string> {
    const merged: Record<string, string> = {};
    for (const { values } of this.#layers.toReversed()) {
      for (const [name, value] of Object.entries(values)) if (value !== undefined) merged[name] = value;
    }
    return merged;
  }

  #find(name: string): Layer | undefined {
    return this.#layers.find(({ values }) => Object.hasOwn(values, name) && values[name] !== undefined);
  }
}

export interface EnvironmentOptions {
  /** The process environment; never changed. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the files are looked for. */
  readonly directory: string;
  readonly cwd: string;
  readonly diagnostics: Diagnostics;
}

/** `LITELLM_MODE=PRODUCTION` leaves `.env` unread, as in LiteLLM. */
export const readEnvironment = ({ env, directory, cwd, diagnostics }: EnvironmentOptions): Environment => {
  const isProduction = env['LITELLM_MODE']?.toUpperCase() === 'PRODUCTION';
  const layers: Layer[] = [{ label: '', values: env }];
  for (const file of isProduction ? ['.env.litellm'] : ['.env', '.env.litellm']) {
    const path = join(directory, file);
    if (!existsSync(path)) continue;
    const label = displayPath(path, cwd);
    try {
      layers.push({ label, values: parseEnv(readText(path)) });
    } catch (error) {
      diagnostics.doubt('value', `${label} ${(error as Error).message}; it is not used.`);
    }
  }
  const environment = new Environment(layers);
  const url = environment.get('DATABASE_URL') ? undefined : databaseUrlFromParts((name) => environment.get(name));
  if (url !== undefined) environment.override('DATABASE_HOST and its kin', { DATABASE_URL: url });
  return environment;
};

const REFERENCE = /^os\.environ\/(.+)$/;

/** The variable that a string of the form `os.environ/NAME` refers to. */
export const referencedVariable = (value: unknown): string | undefined =>
  typeof value === 'string' ? REFERENCE.exec(value.trim())?.[1]?.trim() : undefined;

/** Replaces references, and remembers those that led nowhere until all files are read. */
export class ReferenceResolver {
  readonly #missing = new Map<string, Place[]>();

  constructor(
    private readonly environment: Environment,
    private readonly places: Places,
  ) {}

  /**
   * A copy of `tree` in which every reference is replaced by its variable's text. A reference to a variable that is
   * missing or empty leaves its key (or list item) out; the copy's place of that key says so.
   */
  resolve<T extends JsonValue>(tree: T): T {
    return this.#copy(tree) as T;
  }

  #copy(value: JsonValue): JsonValue {
    if (Array.isArray(value)) {
      const list: JsonValue[] = [];
      value.forEach((item, index) => {
        const { place, copied } = this.#follow(item, this.places.at(value, index));
        if (copied !== undefined) list.push(copied);
        this.places.mark(list, copied === undefined ? `${index} (left out)` : list.length - 1, place);
      });
      return list;
    }
    if (!isJsonObject(value)) return value;
    const map: JsonObject = {};
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const { place, copied } = this.#follow(item, this.places.at(value, key));
      if (copied !== undefined) map[key] = copied;
      this.places.mark(map, key, place);
    }
    return map;
  }

  #follow(item: JsonValue, place: Place | undefined): { place: Place | undefined; copied?: JsonValue } {
    const variable = referencedVariable(item);
    if (variable === undefined) return { place, copied: this.#copy(item) };
    const from = { file: place?.file ?? '', line: place?.line ?? 0, variable };
    const text = this.environment.get(variable);
    if (text === '') return { place: { ...from, state: 'empty' } };
    if (text !== undefined) return { place: from, copied: text };
    this.#missing.set(variable, [...(this.#missing.get(variable) ?? []), from]);
    return { place: { ...from, state: 'missing' } };
  }

  /** One warning a variable, however often it is named; an error when strict. */
  report(diagnostics: Diagnostics): void {
    for (const [variable, places] of this.#missing) {
      const others = places.length === 1 ? '' : ` (named ${places.length} times)`;
      diagnostics.doubt('missing-variable', `The variable ${variable} is not set${others}.`, placeText(places[0]));
    }
  }
}
