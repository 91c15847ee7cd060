// How the deployments are, as the router knows them.
import type { DeploymentState } from '@turnpike/router';
import type { Deployment } from '@turnpike/domain';
import type { MetricSource, Tell } from '@turnpike/telemetry';
import type { Runtime } from '../../runtime/runtime.js';
import { DEPLOYMENT_LABELS, deploymentLabelValues } from '../deployment-labels.js';

/** LiteLLM's figures. */
const HEALTHY = 0;
const PARTIAL_OUTAGE = 1;
const COMPLETE_OUTAGE = 2;

const stateOf = ({ health, samples }: DeploymentState, now: number): number => {
  if (health.coolUntil > now) return COMPLETE_OUTAGE;
  return health.isProving || samples.at(-1)?.isFailure === true ? PARTIAL_OUTAGE : HEALTHY;
};

export const deploymentSources = (runtime: Runtime): readonly MetricSource[] => {
  const source = (
    name: string,
    help: string,
    combine: 'max' | 'min',
    figure: (deployment: Deployment, state: DeploymentState) => number | undefined,
  ): MetricSource => ({
    name,
    help,
    combine,
    labelNames: DEPLOYMENT_LABELS,
    read: (tell) => tellEach(runtime, tell, figure),
  });
  return [
    source(
      'litellm_deployment_state',
      '0: healthy, 1: it failed the last time or has yet to prove itself, 2: it rests after failures',
      'max',
      (_, state) => stateOf(state, runtime.clock.now()),
    ),
    source('litellm_deployment_rpm_limit', 'Requests a minute that it may be asked', 'max', ({ rpm }) => rpm),
    source('litellm_deployment_tpm_limit', 'Tokens a minute that it may be asked for', 'max', ({ tpm }) => tpm),
    source(
      'litellm_deployment_in_progress_requests',
      'Calls under way at it, from all workers',
      // Each worker knows of the others' calls.
      'max',
      (_, { inFlight }) => inFlight,
    ),
    source(
      'turnpike_deployment_healthy',
      'Whether the last background check of it went well; only what was checked is told',
      'min',
      (deployment) => {
        const last = runtime.health.of(deployment).at(-1);
        return last && (last.problem === undefined ? 1 : 0);
      },
    ),
    {
      name: 'turnpike_health_checks_total',
      help: 'Background checks of deployments that were made',
      type: 'counter',
      read: (tell) => tell(runtime.health.checks),
    },
  ];
};

const tellEach = (
  { config, state }: Runtime,
  tell: Tell,
  figure: (deployment: Deployment, state: DeploymentState) => number | undefined,
): void => {
  const told = new Set<string>();
  for (const deployment of config.deployments) {
    const value = told.has(deployment.id) ? undefined : figure(deployment, state.of(deployment));
    if (value === undefined) continue;
    told.add(deployment.id);
    tell(value, deploymentLabelValues(deployment));
  }
};
