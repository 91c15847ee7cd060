// Two forms of address: by deployment with a dated version, or the versionless `/openai/v1`.
import { openAiBase } from '@turnpike/plugin-sdk';
import type { AzureConfig } from './config.js';

const VERSIONLESS = new Set(['v1', 'preview', 'latest']);

export const isVersionless = ({ api_base: base, api_version: version }: AzureConfig): boolean =>
  new URL(base).pathname.includes('/openai/v1') || VERSIONLESS.has(version);

/** Prefixes in model names by which a deployment of a renamed model is said to reason. */
const FAMILY = /^(?:o_series|gpt5_series)\//;

export const deploymentOf = (settings: AzureConfig, model: string): string =>
  settings.deployment_id ?? model.replace(FAMILY, '');

/** The operator's base may end anywhere: at the host, at `/openai`, at `/openai/v1`, at a deployment, at the operation. */
const baseOf = (settings: AzureConfig): URL => {
  const url = new URL(settings.api_base);
  url.pathname = openAiBase(url.pathname);
  return url;
};

const withPath = (base: URL, path: string): URL => {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
};

/** `/openai/…` or `/openai/v1/…`, whichever form the resource is called in. */
const apiUrl = (settings: AzureConfig, path: string): URL => {
  const base = baseOf(settings);
  base.pathname = base.pathname.replace(/\/openai(?:\/v1)?(?:\/deployments\/[^/]+)?\/?$/, '');
  if (!isVersionless(settings)) return withVersion(settings, withPath(base, `openai/${path}`));
  const url = withPath(base, `openai/v1/${path}`);
  if (settings.api_version === 'preview') url.searchParams.set('api-version', 'preview');
  return url;
};

/** A version that stands in the base itself wins. */
const withVersion = (settings: AzureConfig, url: URL): URL => {
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', settings.api_version);
  return url;
};

/** `path` is `chat/completions`, `completions` or `embeddings`. */
export const operationUrl = (settings: AzureConfig, path: string, model: string): string => {
  if (isVersionless(settings)) return apiUrl(settings, path).href;
  const base = baseOf(settings);
  if (/\/openai\/deployments\/[^/]+$/.test(base.pathname)) return withVersion(settings, withPath(base, path)).href;
  const deployment = encodeURIComponent(deploymentOf(settings, model));
  return apiUrl(settings, `deployments/${deployment}/${path}`).href;
};

export const modelListUrl = (settings: AzureConfig): string => apiUrl(settings, 'models').href;
