// Every secret of a configuration, so that the log can mask it wherever it turns up.
import type { GatewayConfig } from '@turnpike/config';
import { isSecretName } from '@turnpike/telemetry';

/** Shorter values are too likely to be ordinary words. */
const MIN_LENGTH = 6;

export const secretsOf = (config: GatewayConfig): string[] => {
  const found: string[] = [];
  const walk = (value: unknown, name: string): void => {
    if (typeof value === 'string') {
      if (isSecretName(name) && value.length >= MIN_LENGTH) found.push(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, Array.isArray(value) ? name : key);
    }
  };
  for (const deployment of config.deployments) {
    walk(deployment.connection, '');
    walk(deployment.headers, '');
  }
  walk(config.pluginSettings, '');
  walk(config.plugins, '');
  walk(config.cache?.settings, '');
  walk({ api_key: config.auth.masterKey, secret: config.auth.saltKey, password: config.redis?.password }, '');
  const { url } = config.database;
  if (url !== undefined && URL.canParse(url)) walk({ password: decodeURIComponent(new URL(url).password) }, '');
  return found;
};
