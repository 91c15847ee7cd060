// What operators want every request, or those of a key, to say.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { Exchange } from './exchange.js';

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
