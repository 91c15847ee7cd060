// Addresses of the Gemini API.
import { geminiResource } from '@turnpike/plugin-sdk';

export const isGoogleHost = (base: string): boolean => new URL(base).hostname === 'generativelanguage.googleapis.com';

/** Operators write a base with or without its version, with or without a slash at the end. */
export const versionedBase = (base: string): string => {
  const bare = base.replace(/\/+$/, '');
  return /\/v\d+[a-z0-9]*$/.test(bare) ? bare : `${bare}/v1beta`;
};

/** `…/models/gemini-x:method`. The name may come from a client, so it cannot leave its place in the path. */
export const methodUrl = (base: string, model: string, method: string): string => {
  const [collection, ...name] = geminiResource(model).split('/');
  return `${base}/${collection}/${encodeURIComponent(name.join('/'))}:${method}`;
};
