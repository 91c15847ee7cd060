// Finds whom a token of another issuer is for, and makes who is not known yet where the operator wants that.
import { Injectable } from '@nestjs/common';
import { invalidRequest, isGatewayError } from '@turnpike/errors';
import { CreateTeamRequest, CreateUserRequest, type AuthorizeSubjectRequest } from '@turnpike/rpc';
import type { EntityManager } from 'typeorm';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { MASTER_USER_ID, type Caller } from './caller.js';
import { Holders } from './holders.js';
import type { KeyHolder } from './principal.js';
import { columnOf } from './stored-terms.js';
import { notFound } from './storing.js';
import { TeamService } from './team.service.js';
import { UserService } from './user.service.js';
import { UserSyncs } from './user-sync.js';

/** Who makes people that a token names: the operator said that they shall be made. */
const OPERATOR: Caller = { kind: 'gateway', role: 'proxy_admin', userId: MASTER_USER_ID };

@Injectable()
export class Subjects {
  constructor(
    private readonly holders: Holders,
    private readonly users: UserRepository,
    private readonly teams: TeamRepository,
    private readonly userService: UserService,
    private readonly teamService: TeamService,
    private readonly syncs: UserSyncs,
  ) {}

  /** As if there were a key of theirs that has no terms of its own. @throws GW_NOT_FOUND, GW_INVALID_REQUEST */
  async find(manager: EntityManager, request: AuthorizeSubjectRequest): Promise<KeyHolder> {
    const { teamId, organizationId } = request;
    if (!teamId && !request.userId && !request.userEmail) throw invalidRequest('Name a team or a user.', 'user_id');
    if (teamId) await this.ensureTeam(manager, request);
    const userId = await this.userIdOf(manager, request);
    if (request.sync && userId) await this.syncs.apply(manager, OPERATOR, userId, request.sync);
    return await this.holders.of(manager, keylessOf({ teamId, userId, organizationId }));
  }

  private async ensureTeam(manager: EntityManager, request: AuthorizeSubjectRequest): Promise<void> {
    const { teamId, organizationId, upsertTeam } = request;
    if (await this.teams.find(manager, teamId)) return;
    if (!upsertTeam) throw notFound(`The team '${teamId}'`, 'team_id');
    const team = { teamId, organizationId };
    await madeByAnybody(this.teamService.create(OPERATOR, CreateTeamRequest.fromPartial({ team })));
  }

  private async userIdOf(manager: EntityManager, request: AuthorizeSubjectRequest): Promise<string> {
    const { userId, userEmail, organizationId, upsertUser } = request;
    if (!userId && !userEmail) return '';
    if (userId && (await this.users.find(manager, userId))) return userId;
    const byAddress = userEmail ? await this.users.findByEmails(manager, [userEmail]) : [];
    if (byAddress.length === 1) return byAddress[0]!.userId;
    if (!upsertUser || !userId) throw notFound(`The user '${userId || userEmail}'`, 'user_id');
    const user = { userId, userEmail: byAddress.length === 0 ? userEmail : '', organizationId };
    await madeByAnybody(this.userService.create(OPERATOR, CreateUserRequest.fromPartial({ user })));
    return userId;
  }
}

/** Two who come at the same time both want them made. */
const madeByAnybody = async (making: Promise<unknown>): Promise<void> => {
  try {
    await making;
  } catch (error) {
    if (!isGatewayError(error) || error.code !== 'GW_ALREADY_EXISTS') throw error;
  }
};

const keylessOf = (owner: { teamId: string; userId: string; organizationId: string }): VirtualKeyEntity =>
  Object.assign(new VirtualKeyEntity(), {
    token: '',
    keyName: '',
    keyAlias: null,
    userId: columnOf(owner.userId),
    teamId: columnOf(owner.teamId),
    organizationId: columnOf(owner.organizationId),
    projectId: null,
    agentId: null,
    budgetId: null,
    modelTerms: {},
    budgetWindows: [],
    models: [],
    aliases: {},
    accessGroupIds: [],
    allowedRoutes: [],
    allowedCacheControls: [],
    permissions: {},
    config: {},
    routerSettings: {},
    metadata: {},
    blocked: false,
    expires: null,
    maxBudgetNano: null,
    softBudgetNano: null,
    budgetDuration: null,
    maxParallelRequests: null,
    tpmLimit: null,
    rpmLimit: null,
  } satisfies Partial<VirtualKeyEntity>);
