// Whom a call names beside its key: its end user, and its tags. The one place that decides it, for routing, budgets and
// records alike.
import type { CallerSettings } from '@turnpike/config';
import { ENTRY_LIMITS, isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { IncomingHttpHeaders } from 'node:http';

/** What a caller sent, as far as it matters here. */
export interface Naming {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<JsonObject>;
  readonly settings: CallerSettings;
}

/** Read without any configuration. */
const CUSTOMER_HEADERS = ['x-litellm-customer-id', 'x-litellm-end-user-id'] as const;

/** In LiteLLM's order. Undefined: it names nobody. */
export const customerIn = ({ headers, body, settings }: Naming): string | undefined =>
  headerIn(headers, CUSTOMER_HEADERS) ??
  headerIn(headers, settings.customerHeaders) ??
  nameOf(body['user']) ??
  nameOf(objectOf(body['litellm_metadata'])?.['user']) ??
  nameOf(objectOf(body['metadata'])?.['user_id']) ??
  nameOf(body['safety_identifier']);

/** Who of ours it is, where a header of a trusted front says so. */
export const internalUserIn = ({ headers, settings }: Naming): string | undefined =>
  headerIn(headers, settings.internalUserHeaders);

/**
 * @param own of the key and its team: they come first, so that no request can push them out
 * @returns each once; undefined: there are none
 * @throws GW_INVALID_REQUEST
 */
export const tagsIn = ({ headers, body, settings }: Naming, own?: readonly string[]): readonly string[] | undefined => {
  const { tags, metadata, litellm_metadata: ours } = body;
  const inMetadata = objectOf(metadata)?.['tags'] ?? undefined;
  const inOurs = objectOf(ours)?.['tags'] ?? undefined;
  const header = headers['x-litellm-tags'];
  const hasOfHeaders = settings.tagHeaders.some((name) => headers[name] !== undefined);
  const isAsked = (tags ?? inMetadata ?? inOurs ?? header ?? undefined) !== undefined;
  if (!isAsked && !hasOfHeaders) return own;
  if (settings.refusesClientTags && (inMetadata ?? inOurs) !== undefined) throw refusedTags();
  const all = new Set(own);
  addTags(all, tags ?? undefined, 'tags');
  addTags(all, inMetadata, 'metadata.tags');
  addTags(all, inOurs, 'litellm_metadata.tags');
  addTags(all, header, 'x-litellm-tags');
  for (const name of settings.tagHeaders) {
    const value = headers[name];
    if (typeof value === 'string' && value.trim() !== '') addTag(all, `${name}: ${value.trim()}`);
  }
  return all.size === 0 ? undefined : [...all];
};

/** Without what only the router understands: `!tag` is a tag that it shall not have, `&tag` one that it must have. */
export const plainTags = (tags: readonly string[]): readonly string[] =>
  tags.some((tag) => tag.startsWith('!') || tag.startsWith('&'))
    ? tags.filter((tag) => !tag.startsWith('!')).map((tag) => (tag.startsWith('&') ? tag.slice(1) : tag))
    : tags;

/** A list, or a text with commas: the values of OpenAI's own metadata are texts. */
const addTags = (all: Set<string>, value: JsonValue | undefined, name: string): void => {
  if (value === undefined) return;
  const tags = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string'))
    throw invalidRequest(`'${name}' must be an array of texts, or one text with commas between them.`, name);
  for (const tag of tags) addTag(all, tag.trim());
  if (all.size > ENTRY_LIMITS.tags)
    throw invalidRequest(`A call has ${ENTRY_LIMITS.tags} tags at most, with those of its key and team.`, name);
};

const addTag = (all: Set<string>, tag: string): void => {
  if (tag !== '') all.add(tag.slice(0, ENTRY_LIMITS.name));
};

const refusedTags = (): GatewayError =>
  new GatewayError(
    'GW_INVALID_REQUEST',
    "Tags of requests are not accepted here (reject_clientside_metadata_tags). Remove 'metadata.tags'.",
    { type: 'bad_request_error', param: 'metadata.tags' },
  );

const headerIn = (headers: IncomingHttpHeaders, names: readonly string[]): string | undefined => {
  for (const header of names) {
    const name = nameOf(headers[header]);
    if (name !== undefined) return name;
  }
  return undefined;
};

/** Ids may be numbers. What is longer than what is kept of it means the one that is kept. */
const nameOf = (value: JsonValue | string[] | undefined): string | undefined => {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const name = value.trim();
  return name === '' ? undefined : name.slice(0, ENTRY_LIMITS.name);
};

const objectOf = (value: JsonValue | undefined): Readonly<JsonObject> | undefined =>
  isJsonObject(value) ? value : undefined;
