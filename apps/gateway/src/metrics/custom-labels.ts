// Labels that the configuration adds: from metadata of requests, keys and teams, and from tags.
import type { MetricsSettings } from '@turnpike/config';
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { Exchange } from '../pipeline/exchange.js';

const LABEL = /[^a-zA-Z0-9_]/g;

/** `metadata.team.name` → `metadata_team_name` */
const labelOf = (text: string): string => {
  const name = text.replaceAll(LABEL, '_');
  return /^\d/.test(name) ? `_${name}` : name;
};

/** `team-*`: anything may stand for the star. */
const fitting = (tag: string): ((text: string) => boolean) => {
  if (!tag.includes('*')) return (text) => text === tag;
  const pattern = new RegExp(
    `^${tag
      .split('*')
      .map((part) => part.replaceAll(/[\\^$.+?()[\]{}|/-]/g, String.raw`\$&`))
      .join('.*')}$`,
    's',
  );
  return (text) => pattern.test(text);
};

/** The value at a path, as a label shows it; undefined when nothing can be shown. */
const textAt = (metadata: Readonly<JsonObject>, path: readonly string[]): string | undefined => {
  let value: JsonValue | undefined = metadata;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
};

export class CustomLabels {
  /** In the order of the values that `valuesOf` gives. */
  readonly names: readonly string[];
  private readonly paths: readonly (readonly string[])[];
  private readonly tags: readonly ((tag: string) => boolean)[];

  constructor({ metadataLabels, tags }: Pick<MetricsSettings, 'metadataLabels' | 'tags'>) {
    const paths = new Map(
      metadataLabels.map((path) => [labelOf(path), path.replace(/^metadata\./, '').split('.')] as const),
    );
    const patterns = new Map(tags.map((tag) => [`tag_${labelOf(tag)}`, fitting(tag)] as const));
    this.names = [...paths.keys(), ...patterns.keys()];
    this.paths = [...paths.values()];
    this.tags = [...patterns.values()];
  }

  /** What a key's own metadata, else its team's, says; in the order of the paths. */
  ofCaller(...metadata: (JsonObject | undefined)[]): readonly (string | undefined)[] {
    return this.paths.map((path) => {
      for (const one of metadata) {
        const text = one && textAt(one, path);
        if (text !== undefined) return text;
      }
      return undefined;
    });
  }

  /** @param ofCaller what stands where the request says nothing */
  valuesOf(exchange: Exchange, ofCaller: readonly (string | undefined)[] | undefined): string[] {
    const asked = exchange.body?.['metadata'];
    const metadata = isJsonObject(asked) ? asked : undefined;
    const values = this.paths.map((path, at) => (metadata && textAt(metadata, path)) ?? ofCaller?.[at] ?? '');
    if (this.tags.length === 0) return values;
    const { tags } = exchange;
    for (const fits of this.tags) values.push(tags?.some(fits) ? 'true' : 'false');
    return values;
  }
}
