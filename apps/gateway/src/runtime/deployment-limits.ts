// The limits of deployments, as the router and the attempts see them.
import type { Permit } from '../pipeline/attempt.js';

export interface DeploymentLimits {
  /** Room for one request with so many tokens. Undefined: there is none. A promise only when others must be asked. */
  take(deploymentId: string, tokens: number): Permit | undefined | Promise<Permit | undefined>;
}
