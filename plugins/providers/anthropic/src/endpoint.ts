// Addresses and headers of the Anthropic API.
import type { AnthropicConfig } from './config.js';

/** Operators write the host alone, with its version, or the whole address of the Messages API. */
export const versionedBase = (base: string): string => {
  const bare = base.replace(/\/+$/, '').replace(/\/messages$/, '');
  return bare.endsWith('/v1') ? bare : `${bare}/v1`;
};

export const headersOf = (settings: AnthropicConfig): Record<string, string> => ({
  'anthropic-version': settings.anthropic_version,
  ...(settings.api_key
    ? { 'x-api-key': settings.api_key }
    : settings.auth_token
      ? { authorization: `Bearer ${settings.auth_token}` }
      : {}),
});

/** Lists of betas, and headers that hold such lists → one header, each beta once; undefined for none. */
export const betaHeader = (...lists: readonly (readonly string[] | string | undefined)[]): string | undefined => {
  const names = lists.flatMap((list) => (typeof list === 'string' ? list.split(',') : (list ?? [])));
  return [...new Set(names.map((name) => name.trim()).filter(Boolean))].join(',') || undefined;
};
