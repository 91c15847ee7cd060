// Every secret of a configuration, so that the log can mask it wherever it turns up.
import type { GatewayConfig } from '@turnpike/config';
import { isSecretName } from '@turnpike/telemetry';

/** Shorter values are too likely to be ordinary words. */
const MIN_LENGTH = 6;
/** Of a header whose name tells nothing. */
const MIN_HEADER_LENGTH = 8;

export const secretsOf = (config: GatewayConfig): string[] => {
  const found: string[] = [];
  const add = (value: string, least = MIN_LENGTH): void => {
    // `Bearer x` is quoted without its scheme, too.
    for (const secret of [value, value.replace(/^(?:Bearer|Basic)\s+/i, '')])
      if (secret.length >= least) found.push(secret);
  };
  const addUserinfo = (text: string): void => {
    if (!text.includes('@') || !URL.canParse(text)) return;
    const { password } = new URL(text);
    add(password);
    add(percentDecoded(password));
  };
  const walk = (value: unknown, name: string): void => {
    if (typeof value === 'string') {
      if (isSecretName(name)) add(value);
      else addUserinfo(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, Array.isArray(value) ? name : key);
    }
  };
  for (const deployment of config.deployments) {
    walk(deployment.connection, '');
    walk(deployment.extraBody, '');
    for (const value of Object.values(deployment.headers)) add(value, MIN_HEADER_LENGTH);
  }
  walk(config.pluginSettings, '');
  walk(config.callbacks.named, '');
  walk(config.plugins, '');
  walk(config.cache?.settings, '');
  walk({ api_key: config.auth.masterKey, secret: config.auth.saltKey, password: config.redis?.password }, '');
  walk(config.database.url, '');
  walk(config.redis?.url, '');
  for (const { settings } of config.guardrails) walk(settings, '');
  return [...new Set(found)];
};

/** A password with a lone `%` was never encoded. */
const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
