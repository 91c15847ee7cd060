// The limits of a configuration: of each deployment, and of the installation.
import type { GatewayConfig } from '@turnpike/config';
import type { Deployment } from '@turnpike/domain';
import type { Denial, Limits, LimitRule, Permit } from '@turnpike/limits';
import type { LimitView, Target } from '@turnpike/router';
import type { BoundSet } from '../keys/bounds.js';

/** Of the installation: what all callers together may do. */
const GLOBAL = 'global';

export class GatewayLimits implements LimitView {
  /** One rule in a list, as `take` wants it; made once. */
  private readonly byDeployment = new Map<string, readonly [LimitRule]>();
  private readonly global: readonly LimitRule[] = [];

  constructor(
    private readonly limits: Limits,
    { deployments, limits: { rpm, tpm, maxParallelRequests: maxParallel }, router }: GatewayConfig,
  ) {
    for (const deployment of deployments) {
      const rule = ruleOf(deployment, router.defaultMaxParallelRequests);
      if (rule) this.byDeployment.set(deployment.id, [rule]);
    }
    if ((rpm ?? tpm ?? maxParallel) !== undefined) this.global = [{ key: GLOBAL, rpm, tpm, maxParallel }];
  }

  get hasDeployments(): boolean {
    return this.byDeployment.size > 0;
  }

  get hasGlobal(): boolean {
    return this.global.length > 0;
  }

  waitMs({ deployment }: Target, tokens: number): number {
    const rules = this.byDeployment.get(deployment.id);
    return rules ? this.limits.waitMs(rules[0], tokens) : 0;
  }

  /** Room at a deployment for one request. A promise only when others must be asked. */
  takeAt(deploymentId: string, tokens: number): Permit | Denial | Promise<Permit | Denial> | undefined {
    const rules = this.byDeployment.get(deploymentId);
    return rules && this.limits.take(rules, tokens);
  }

  /** All that hold for one call before it has a deployment: the installation's, and its own. */
  rulesFor({ limits }: BoundSet): readonly LimitRule[] {
    if (limits.length === 0) return this.global;
    return this.global.length === 0 ? limits : [...this.global, ...limits];
  }

  /** A promise only when others must be asked. */
  take(rules: readonly LimitRule[], tokens: number): Permit | Denial | Promise<Permit | Denial> {
    return this.limits.take(rules, tokens);
  }

  /** It is the installation that has no room. */
  isGlobal({ rule }: Denial): boolean {
    return rule.key === GLOBAL;
  }
}

const ruleOf = (
  { id, rpm, tpm, maxParallelRequests }: Deployment,
  defaultParallel: number | undefined,
): LimitRule | undefined => {
  const maxParallel = maxParallelRequests ?? defaultParallel;
  return (rpm ?? tpm ?? maxParallel) === undefined ? undefined : { key: `deployment:${id}`, rpm, tpm, maxParallel };
};
