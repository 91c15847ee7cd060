// The guardrails that deployments ask for: whoever one of them may answer is looked at.
import type { Deployment } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { Resolution } from '@turnpike/router';

const NONE: readonly string[] = [];

export class ModelGuardrails {
  private constructor(private readonly byDeployment: ReadonlyMap<string, readonly string[]>) {}

  /**
   * Undefined where no deployment asks for any.
   * @throws GW_CONFIG_INVALID for what is not configured: it would not be run
   */
  static of(deployments: readonly Deployment[], known: ReadonlySet<string>): ModelGuardrails | undefined {
    const byDeployment = new Map<string, readonly string[]>();
    for (const deployment of deployments) {
      const names = namesOf(deployment);
      const missing = names.find((name) => !known.has(name));
      if (missing !== undefined) throw refused(deployment, `the guardrail '${missing}', which is not configured`);
      if (names.length > 0) byDeployment.set(deployment.id, names);
    }
    return byDeployment.size === 0 ? undefined : new ModelGuardrails(byDeployment);
  }

  /** Of all that a call may be answered by, its fallbacks apart. */
  ofAll({ groups }: Resolution): readonly string[] {
    return groups.flatMap(({ targets }) => targets.flatMap(({ deployment }) => this.of(deployment.id)));
  }

  of(deploymentId: string): readonly string[] {
    return this.byDeployment.get(deploymentId) ?? NONE;
  }
}

const namesOf = (deployment: Deployment): readonly string[] => {
  const written = deployment.info['guardrails'] ?? NONE;
  if (Array.isArray(written) && written.every((name) => typeof name === 'string')) return written;
  throw refused(deployment, 'guardrails, which must be a list of their names');
};

const refused = ({ modelName, source }: Deployment, what: string): GatewayError => {
  const where = source === undefined ? '' : ` (${source})`;
  return new GatewayError('GW_CONFIG_INVALID', `The model '${modelName}' asks for ${what}.${where}`);
};
