// Which provider knows a bare model name, by the patterns in the manifests.
import type { PluginManifest } from '@turnpike/domain';

export const recogniser = (manifests: readonly PluginManifest[]): ((model: string) => string | undefined) => {
  const patterns = manifests.flatMap(({ id, recognises }) =>
    recognises.map((source) => ({ id, regex: new RegExp(source) })),
  );
  return (model) => patterns.find(({ regex }) => regex.test(model))?.id;
};
