// Ids of deployments: the same configuration gives the same id, across restarts and machines.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { createHash } from 'node:crypto';

/** JSON with sorted keys. */
export const canonicalJson = (value: JsonValue | undefined): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value ?? null);
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${fields.join(',')}}`;
};

/**
 * SHA-256 hex over name and parameters as written: references to variables are not followed, so that a renewed key
 * keeps the id.
 */
export const deploymentId = (modelName: string, params: JsonObject): string =>
  createHash('sha256')
    .update(canonicalJson({ model_name: modelName, litellm_params: params }))
    .digest('hex');

/** Gives out ids once: a second use of one gets `-2`, a third `-3`. */
export class IdRegister {
  readonly #uses = new Map<string, number>();

  /** @returns the id to use, and whether it was taken before */
  take(id: string): { id: string; isRepeated: boolean } {
    const use = (this.#uses.get(id) ?? 0) + 1;
    this.#uses.set(id, use);
    return use === 1 ? { id, isRepeated: false } : { id: `${id}-${use}`, isRepeated: true };
  }
}
