// What clients write among the gateway's own names is not theirs to write, and is told to nobody.
import type { JsonObject } from '@turnpike/domain';

const isInternal = (name: string): boolean => name.startsWith('user_api_key_');

/** Metadata without internal names; the very same object where there are none. */
export const publicMetadata = (metadata: Readonly<JsonObject>): Readonly<JsonObject> => {
  const names = Object.keys(metadata);
  if (!names.some(isInternal)) return metadata;
  return Object.fromEntries(names.filter((name) => !isInternal(name)).map((name) => [name, metadata[name]]));
};
