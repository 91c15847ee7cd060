// Values that came by API and are to be kept: what they may be, and what a change of them means.
import { referencedVariables } from '@turnpike/config';
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';

const MAX_CHARACTERS = 65_536;
const MAX_DEPTH = 16;

/** Code, files and other doors are for those who may write the configuration file. `custom_llm_provider` is a name only. */
const NOT_BY_API =
  /^(?:custom_(?!llm_provider$).*|plugins?|package|callbacks?|success_callback|failure_callback|master_key|salt_key|database_url|(?:.*_)?(?:file|filename|path|dir|directory))$/;
/** Other products take the name of a file here, too. */
const DOCUMENT = /_credentials$/;

/**
 * Parameters of a model, values of a credential.
 *
 * @param param as errors name it: `litellm_params`
 * @param envNames variables that may be named
 * @throws GW_INVALID_REQUEST
 */
export const assertParams = (params: JsonObject, param: string, envNames: readonly string[]): void => {
  assertDocument(params, param);
  for (const [key, value] of Object.entries(params)) {
    const at = `${param}.${key}`;
    if (NOT_BY_API.test(key))
      throw invalidRequest(
        `${at} comes from the configuration file only: neither code nor files are named by API.`,
        at,
      );
    if (DOCUMENT.test(key) && typeof value === 'string' && !/^\s*\{|^os\.environ\//.test(value))
      throw invalidRequest(`${at} must be the document itself, as JSON: files are not named by API.`, at);
  }
  const hidden = referencedVariables(params).find((name) => !envNames.includes(name));
  if (hidden !== undefined)
    throw invalidRequest(
      `${param} names the variable ${hidden.slice(0, 100)}, which stored values may not. Give the value itself, or list ` +
        'the variable in general_settings.api_env_names of the configuration file.',
      param,
    );
};

/** An open map that can be kept: not too large, not too deep, and JSON all through. @throws GW_INVALID_REQUEST */
export const assertDocument = (document: JsonObject, param: string): void => {
  assertPlain(document, param, MAX_DEPTH);
  const { length } = JSON.stringify(document);
  if (length > MAX_CHARACTERS)
    throw invalidRequest(`${param} has ${length} characters as JSON; ${MAX_CHARACTERS} are the most.`, param);
};

const assertPlain = (value: JsonValue | undefined, param: string, depth: number): void => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalidRequest(`${param} is not a number.`, param);
  if (typeof value !== 'object' || value === null) return;
  if (depth === 0) throw invalidRequest(`${param} is nested too deep; ${MAX_DEPTH} levels are the most.`, param);
  for (const [key, item] of Object.entries(value)) assertPlain(item, `${param}.${key}`.slice(0, 200), depth - 1);
};

/** An absent map is an empty one. */
export const mapOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});
