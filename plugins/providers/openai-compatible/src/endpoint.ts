// Where a host's operations are, and the headers they want.
import { openAiBase, type UpstreamEndpoint } from '@turnpike/plugin-sdk';
import type { HostSettings } from './config.js';
import type { HostRow, Setting } from './host-row.js';

/** `{name}` → the setting, `{model}` → the model. Encoded, so that no value reaches beyond its place. */
const fill = (base: string, values: Readonly<Record<string, string | undefined>>): string =>
  base.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    return value === undefined ? place : encodeURIComponent(value);
  });

/** The settings that were given and go to headers, or to the query: `[name there, value]`. */
const sentAs = (row: HostRow, settings: HostSettings, pick: (goesTo: Setting['goesTo']) => string | undefined) =>
  Object.entries(row.settings ?? {}).flatMap(([name, { goesTo }]) => {
    const target = pick(goesTo);
    const value = settings[name];
    return target === undefined || value === undefined ? [] : [[target, value] as const];
  });

const headersOf = (row: HostRow, settings: HostSettings): Record<string, string> => {
  const headers: Record<string, string> = { ...row.headers };
  const { hostname } = new URL(fill(settings.api_base, { ...settings, model: 'model' }));
  for (const { header, scheme, hosts } of row.auth ?? [{ header: 'authorization', scheme: 'Bearer' }]) {
    if (!settings.api_key || hosts?.test(hostname) === false) continue;
    headers[header] = scheme ? `${scheme} ${settings.api_key}` : settings.api_key;
  }
  const sent = sentAs(row, settings, (to) => (typeof to === 'object' && 'header' in to ? to.header : undefined));
  return Object.assign(headers, Object.fromEntries(sent));
};

/** All but the path and the model is known before the first call. */
export const endpointsOf = (row: HostRow, settings: HostSettings) => {
  const headers = headersOf(row, settings);
  const query = sentAs(row, settings, (to) => (typeof to === 'object' && 'query' in to ? to.query : undefined));
  const isOwnBase = settings.api_base === row.base;
  const { baseEnd = '' } = row;
  return (path: string, model = ''): UpstreamEndpoint => {
    const template = isOwnBase && row.dedicated?.models.test(model) ? row.dedicated.base : settings.api_base;
    const url = new URL(fill(template, { ...settings, model }));
    const base = openAiBase(url.pathname);
    url.pathname = `${base}${base.endsWith(baseEnd) ? '' : baseEnd}/${path}`;
    for (const [name, value] of query) url.searchParams.set(name, value);
    return { url: url.href, headers };
  };
};
