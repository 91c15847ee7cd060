// Every plugin that could be used: the bundle's by their manifests, foreign ones by their modules.
import type { JsonObject, PluginManifest, PluginSource } from '@turnpike/domain';
import type { AnyPlugin } from '@turnpike/plugin-sdk';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findPlugin, importPlugin, type PluginFile } from './find.js';
import { checkModule, pluginError, toManifest } from './module-check.js';

/** `deploy/bundles/standard.json`: packages and the manifests of the plugins in each. */
export interface Bundle {
  plugins: { package: string; manifests: PluginManifest[] }[];
  /** Without it they are looked up as packages. */
  packed?: PackedCode;
}

/** Where a build has put what it packed: few files that share their parts with the host's own code. */
export interface PackedCode {
  /** Folder with a file for each package of the bundle, by its name without the scope. */
  plugins: string;
  /** The SDK's file. */
  sdk: string;
}

export interface KnownPlugin {
  manifest: PluginManifest;
  origin: 'bundle' | 'package' | 'path';
  /** Package name or path. */
  from: string;
}

interface Entry extends KnownPlugin {
  source: PluginSource;
  /** Folder that relative paths and packages are looked up from. */
  base: string;
  loaded?: Promise<LoadedPlugin>;
}

export interface LoadedPlugin {
  module: AnyPlugin;
  file: PluginFile;
  /** What the file's `plugins` entry says for every use of it; a use's own settings win. */
  settings?: JsonObject;
}

export class PluginCatalogue {
  private readonly entries = new Map<string, Entry>();
  private readonly names = new Map<string, string>();

  /** Reads the bundle only; nothing is imported before it is used. */
  static fromBundle(bundle: Bundle, base: string): PluginCatalogue {
    const catalogue = new PluginCatalogue();
    for (const { package: name, manifests } of bundle.plugins) {
      const source = sourceOf(name, bundle.packed);
      for (const manifest of manifests) catalogue.add({ manifest, origin: 'bundle', from: name, source, base });
    }
    return catalogue;
  }

  /**
   * A catalogue with the foreign plugins too. They are imported now, because only their code tells what they are.
   * A foreign plugin takes the place of a built-in one of the same id.
   * @throws GW_PLUGIN_* naming the plugin and the step
   */
  async withForeign(sources: readonly PluginSource[], base: string): Promise<PluginCatalogue> {
    const grown = new PluginCatalogue();
    for (const entry of this.entries.values()) grown.add(entry);
    for (const source of sources) {
      const file = findPlugin(source, base);
      const exported = await importPlugin(file);
      for (const value of Array.isArray(exported) ? exported : [exported]) {
        const module = checkModule(value, file.origin);
        grown.add({
          manifest: { ...toManifest(module), given: namesGiven(source.config ?? {}) },
          origin: source.path === undefined ? 'package' : 'path',
          from: file.origin,
          source,
          base,
          loaded: Promise.resolve({ module, file, settings: source.config }),
        });
      }
    }
    return grown;
  }

  manifests(): PluginManifest[] {
    return [...this.entries.values()].map((entry) => entry.manifest);
  }

  known(): KnownPlugin[] {
    return [...this.entries.values()];
  }

  /** By id or by one of its aliases within the kind: `cache.local` finds `cache.memory`. */
  find(id: string): KnownPlugin | undefined {
    return this.entry(id);
  }

  /**
   * The plugin's code, imported at first use.
   * @throws GW_PLUGIN_NOT_FOUND, GW_PLUGIN_INVALID, GW_PLUGIN_CONTRACT
   */
  load(id: string): Promise<LoadedPlugin> {
    const entry = this.entry(id);
    if (!entry) return Promise.reject(this.unknown(id));
    return (entry.loaded ??= this.import(entry));
  }

  private async import(entry: Entry): Promise<LoadedPlugin> {
    const file = findPlugin(entry.source, entry.base);
    const exported = await importPlugin(file);
    const list: unknown[] = Array.isArray(exported) ? exported : [exported];
    const value = list.find((one) => (one as { id?: unknown } | null)?.id === entry.manifest.id);
    if (value === undefined) {
      throw pluginError(
        'GW_PLUGIN_INVALID',
        entry.manifest.id,
        'check',
        `${file.origin} does not export it. Rebuild the bundle list: npm run bundle`,
      );
    }
    return { module: checkModule(value, file.origin), file };
  }

  private entry(id: string): Entry | undefined {
    return this.entries.get(id) ?? this.entries.get(this.names.get(id) ?? '');
  }

  private add(entry: Entry): void {
    const { id, aliases } = entry.manifest;
    this.entries.set(id, entry);
    const kind = id.slice(0, id.indexOf('.'));
    for (const alias of aliases) this.names.set(`${kind}.${alias}`, id);
  }

  private unknown(id: string): Error {
    const kind = id.slice(0, id.indexOf('.') + 1);
    const others = [...this.entries.keys()].filter((name) => name.startsWith(kind));
    const shown =
      others.length > 12 ? `${others.slice(0, 12).join(', ')} … (${others.length} in all)` : others.join(', ');
    return pluginError(
      'GW_PLUGIN_NOT_FOUND',
      id,
      'find',
      `there is no such plugin. Known: ${shown || 'none of this kind'}.`,
    );
  }
}

/** A list that the build did not know may name packages that it has not packed. */
const sourceOf = (name: string, packed: PackedCode | undefined): PluginSource => {
  const path = packed && join(packed.plugins, `${name.slice(name.indexOf('/') + 1)}.js`);
  return path !== undefined && existsSync(path) ? { path } : { package: name };
};

const namesGiven = (settings: JsonObject): string[] =>
  Object.entries(settings).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [name],
  );
