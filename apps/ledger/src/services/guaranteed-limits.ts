// `rpm_limit_type` and `tpm_limit_type` of keys: what is guaranteed to one must be there in its team, beside all others.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import type { VirtualKey } from '@turnpike/rpc';
import type { EntityManager } from 'typeorm';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';

const GUARANTEED = 'guaranteed_throughput';
const LIMITS = [
  ['rpm', 'rpmLimit', 'rpm_limit'],
  ['tpm', 'tpmLimit', 'tpm_limit'],
] as const;

@Injectable()
export class GuaranteedLimits {
  constructor(
    private readonly teams: TeamRepository,
    private readonly keys: VirtualKeyRepository,
  ) {}

  /**
   * Within the transaction that writes the key: nobody else gives away of the team's meanwhile.
   * @param token its own, whose limits are to be replaced; empty: it is new
   * @throws GW_INVALID_REQUEST
   */
  async assertThere(manager: EntityManager, key: VirtualKey, token: string): Promise<void> {
    const asked = LIMITS.filter(
      ([limit, , name]) => key.limits?.[limit] !== undefined && key.metadata?.[`${name}_type`] === GUARANTEED,
    );
    if (key.teamId === '' || asked.length === 0) return;
    const team = await this.teams.lock(manager, key.teamId);
    if (!team) return;
    const given = await this.keys.limitsGiven(manager, key.teamId, token);
    for (const [limit, column, name] of asked) {
      const whole = team[column];
      const wanted = key.limits![limit]!;
      if (whole === null || given[limit] + wanted <= whole) continue;
      throw invalidRequest(
        `${name} ${wanted} cannot be guaranteed: other keys of the team have ${given[limit]}, and the team has ${whole} in all.`,
        name,
      );
    }
  }
}
