// The configuration as it may be shown.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { GatewayConfig } from './canonical.js';
import { isSecretName, looksSecret, maskSecret, maskUrl } from './secrets.js';

/** Shorter texts occur by chance, so they are not searched for elsewhere. */
const SEARCHED_FROM = 8;

const HEADER_MAPS = new Set(['headers', 'extra_headers', 'extraHeaders', 'static_headers']);

type Treatment = 'plain' | 'secret' | 'webhook';

const treatmentOf = (name: string, outer: Treatment): Treatment => {
  if (outer !== 'plain') return outer;
  if (HEADER_MAPS.has(name) || isSecretName(name)) return 'secret';
  return /webhook/i.test(name) ? 'webhook' : 'plain';
};

/** Calls `visit` with every text and how its name says it is to be treated. */
const mapTexts = (
  value: JsonValue | undefined,
  treatment: Treatment,
  visit: (text: string, treatment: Treatment) => string,
): JsonValue | undefined => {
  if (typeof value === 'string') return visit(value, treatment);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, treatment, visit) ?? null);
  if (!isJsonObject(value)) return value;
  const mapped: JsonObject = {};
  for (const [name, field] of Object.entries(value))
    mapped[name] = mapTexts(field, treatmentOf(name, treatment), visit);
  return mapped;
};

const passwordOf = (text: string): string | undefined => {
  if (!URL.canParse(text)) return undefined;
  const { password } = new URL(text);
  return password === '' ? undefined : decodeURIComponent(password);
};

export const maskConfig = (config: GatewayConfig): JsonObject =>
  maskTree(JSON.parse(JSON.stringify(config)) as JsonObject);

/**
 * A copy without secrets: keys, passwords, tokens and header values masked (`sk-…abcd`), user info and query values of
 * URLs hidden, and the same secrets wherever else they occur.
 */
export const maskTree = (tree: JsonObject): JsonObject => {
  const secrets = new Set<string>();
  mapTexts(tree, 'plain', (text, treatment) => {
    if (treatment === 'secret' || looksSecret(text)) secrets.add(text);
    const password = passwordOf(text);
    if (password !== undefined) secrets.add(password);
    return text;
  });
  const searched = [...secrets].filter(({ length }) => length >= SEARCHED_FROM).toSorted((a, b) => b.length - a.length);
  const clean = (text: string): string =>
    searched.reduce((rest, secret) => rest.replaceAll(secret, maskSecret(secret)), text);
  return mapTexts(tree, 'plain', (text, treatment) => {
    if (treatment === 'secret' || looksSecret(text)) return text === '' ? '' : maskSecret(text);
    return clean(maskUrl(text, treatment === 'webhook'));
  }) as JsonObject;
};

/** What `maskSecret` and `maskUrl` make. No secret looks so, since headers cannot carry the character. */
const MASK = /^(?:Bearer )?(?:[a-z]{2,4}-)?…(?:.{4})?$|^[a-z][a-z0-9+.-]*:\/\/\S*(?::…@|=…|\/…)/i;

/**
 * What a change that was made of a masked copy means: where it has the mask of a present secret, the secret itself.
 *
 * @param changes fields as they were sent; others are not in the result
 * @param current the whole of what is there, secrets in clear
 * @param refuse told of the path of a mask of anything else, which must not become a value
 */
export const keepMasked = (changes: JsonObject, current: JsonObject, refuse: (path: string) => never): JsonObject => {
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
