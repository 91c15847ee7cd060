// What operators want every request, or those of a key, to say, and what they do not want in it.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { Exchange, Principal } from './exchange.js';

/** @throws GW_INVALID_REQUEST */
export const checkRequired = ({ customer, principal, snapshot }: Exchange, body: Readonly<JsonObject>): void => {
  const { requiresUser, enforcedParams } = snapshot.config.callers;
  if (requiresUser && customer === undefined)
    throw invalidRequest("'user' param not passed in: this gateway wants to know the end user of every call.", 'user');
  for (const path of enforcedParams) checkGiven(body, path);
  const own = principal?.terms?.enforcedParams;
  if (own) for (const path of own) checkGiven(body, path);
};

/** @param path `metadata.generation_name` is a member of `metadata` */
const checkGiven = (body: Readonly<JsonObject>, path: string): void => {
  let value: unknown = body;
  for (const name of path.split('.')) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : null;
  if (value === undefined || value === null)
    throw invalidRequest(`BadRequest please pass param=${path} in request body. This is a required param`, path);
};

/** @throws GW_PERMISSION_DENIED for tools that the key, or its team, may not offer to models */
export const checkTools = ({ terms }: Pick<Principal, 'terms'>, body: Readonly<JsonObject>): void => {
  const allowed = terms?.allowedTools;
  const blocked = terms?.blockedTools;
  if (!allowed && !blocked) return;
  for (const list of [body['tools'], body['functions']])
    for (const tool of Array.isArray(list) ? list : []) {
      const name = toolName(tool);
      if (name === undefined || ((allowed?.has(name) ?? true) && !blocked?.has(name))) continue;
      throw new GatewayError('GW_PERMISSION_DENIED', `The tool '${name}' is not among those that this key may use.`, {
        type: 'tool_access_denied',
        param: 'tools',
      });
    }
};

/** Tools of providers have a type, and no name that a client chooses. */
const toolName = (tool: unknown): string | undefined => {
  if (!isJsonObject(tool)) return undefined;
  const { function: made, name, type } = tool;
  const names = [isJsonObject(made) ? made['name'] : undefined, name, type];
  return names.find((one): one is string => typeof one === 'string');
};
