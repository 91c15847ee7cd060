// The configuration as it may be shown.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { GatewayConfig } from './canonical.js';
import { isSecretName, looksSecret, maskSecret, maskUrl } from './secrets.js';

/** Shorter texts occur by chance, so they are not searched for elsewhere. */
const SEARCHED_FROM = 8;

const HEADER_MAPS = new Set(['headers', 'extra_headers', 'extraHeaders', 'static_headers']);

type Treatment = 'plain' | 'secret' | 'webhook';

const treatmentOf = (name: string, outer: Treatment): Treatment => {
  if (outer === 'secret' || HEADER_MAPS.has(name) || isSecretName(name)) return 'secret';
  return outer === 'webhook' || /webhook/i.test(name) ? 'webhook' : 'plain';
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
