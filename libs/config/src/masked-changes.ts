// Changes of what was shown with its secrets masked.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { maskTree } from './mask.js';

/**
 * Fields over those that there are: null takes one away, and the mask of a secret stands for the secret.
 *
 * @param replace nothing stays that is not in the change
 * @throws GW_INVALID_REQUEST for the mask of anything else
 */
export const withChanges = (current: JsonObject, changes: JsonObject, param: string, replace = false): JsonObject => {
  const restored = keepMasked(changes, current, (path) => {
    throw invalidRequest(
      `${param}.${path} is masked, and not the one that is stored: send the whole secret, or leave it out.`,
      `${param}.${path}`,
    );
  });
  return withoutNulls({ ...(replace ? {} : current), ...restored });
};

const withoutNulls = (values: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));

/** What `maskSecret` and `maskUrl` make. No secret looks so, since headers cannot carry the character. */
const MASK = /^(?:Bearer )?(?:[a-z]{2,4}-)?\u2026(?:.{4})?$|^[a-z][a-z0-9+.-]*:\/\/\S*(?::\u2026@|=\u2026|\/\u2026)/i;

/**
 * What a change that was made of a masked copy means: where it has the mask of a present secret, the secret itself.
 *
 * @param changes fields as they were sent; others are not in the result
 * @param current the whole of what is there, secrets in clear
 * @param refuse told of the path of a mask of anything else, which must not become a value
 */
const keepMasked = (changes: JsonObject, current: JsonObject, refuse: (path: string) => never): JsonObject => {
  const masked = maskTree(current);
  const restore = (
    value: JsonValue,
    mask: JsonValue | undefined,
    clear: JsonValue | undefined,
    path: string,
  ): JsonValue => {
    if (typeof value === 'string') {
      if (value === mask && clear !== undefined) return clear;
      return MASK.test(value) ? refuse(path) : value;
    }
    if (Array.isArray(value)) {
      const [masks, clears] = [mask, clear].map((one) => (Array.isArray(one) ? one : []));
      return value.map((item, index) => restore(item, masks![index], clears![index], `${path}[${index}]`));
    }
    return isJsonObject(value)
      ? restoreAll(value, isJsonObject(mask) ? mask : {}, isJsonObject(clear) ? clear : {}, path)
      : value;
  };
  const restoreAll = (values: JsonObject, masks: JsonObject, clears: JsonObject, path: string): JsonObject =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const at = path === '' ? name : `${path}.${name}`;
        return [name, value === undefined ? value : restore(value, masks[name], clears[name], at)];
      }),
    );
  return restoreAll(changes, masked, current, '');
};
