// How metrics name a deployment.
import type { Deployment } from '@turnpike/domain';
import { redactUrl } from '@turnpike/telemetry';
import type { Labels } from './call-series.js';

const known = new WeakMap<Deployment, Labels>();

/** All that does not depend on the call. An address that is the provider's own is not written down, and not told. */
export const deploymentLabelsOf = (deployment: Deployment): Labels => {
  const made = known.get(deployment);
  if (made) return made;
  const { id, provider, connection, model } = deployment;
  const { api_base: base } = connection;
  const labels: Labels = {
    model,
    litellm_model_name: model,
    model_id: id,
    api_base: typeof base === 'string' ? redactUrl(base) : '',
    api_provider: provider.replace(/^provider\./, ''),
  };
  known.set(deployment, labels);
  return labels;
};

/** In the order of `DEPLOYMENT_LABELS`. */
export const deploymentLabelValues = (deployment: Deployment): string[] => {
  const labels = deploymentLabelsOf(deployment);
  return DEPLOYMENT_LABELS.map((name) => labels[name]!);
};

export const DEPLOYMENT_LABELS = ['litellm_model_name', 'model_id', 'api_base', 'api_provider'] as const;
