// Deployments that nobody wrote: a fallback names a known model, and the environment holds its provider's key.
import type { Deployment } from '@turnpike/domain';
import { completeConnection, whyUnusable } from './connections.js';
import { deploymentId } from './deployment-id.js';
import type { DeploymentContext } from './deployments.js';
import type { ProviderMatch } from './manifests.js';

/** Provider id of a model that the price catalogue knows. */
export type KnownModel = (name: string) => string | undefined;

/** Undefined when no provider claims the model, or the environment does not give what a call needs. */
export const implicitDeployment = (
  model: string,
  context: DeploymentContext,
  isKnownModel: KnownModel | undefined,
): Deployment | undefined => {
  const { manifests, environment, ids } = context;
  const catalogued = isKnownModel?.(model);
  const manifest = catalogued === undefined ? undefined : manifests.byId(catalogued);
  const match: ProviderMatch | undefined =
    manifests.byPrefix(model) ?? manifests.recognise(model) ?? (manifest && { manifest, model });
  if (!match) return undefined;
  const variables = Object.keys(match.manifest.env);
  if (variables.length > 0 && !environment.first(variables)) return undefined;
  const settings = context.pluginSettings[match.manifest.id] ?? {};
  const connection = completeConnection(settings, new Map(), match.manifest, environment);
  if (whyUnusable(connection, new Map(), match.manifest) !== undefined) return undefined;
  return {
    id: ids.take(deploymentId(model, { model })).id,
    modelName: model,
    provider: match.manifest.id,
    model: match.model,
    connection,
    defaults: {},
    extraBody: {},
    headers: {},
    additionalDropParams: [],
    allowedParams: [],
    clientParams: [],
    tags: [],
    tagRegex: [],
    prices: {},
    info: { implicit: true },
    source: 'implicit',
  };
};
