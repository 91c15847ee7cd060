import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { TeamListService } from '../services/team-list.service.js';
import { TeamMemberService } from '../services/team-member.service.js';
import { TeamService } from '../services/team.service.js';

const { TeamServiceDefinition } = rpc;

@Controller()
export class TeamController {
  constructor(
    private readonly teams: TeamService,
    private readonly members: TeamMemberService,
    private readonly lists: TeamListService,
  ) {}

  @Rpc(TeamServiceDefinition, 'createTeam')
  createTeam(request: rpc.CreateTeamRequest, { caller }: RpcCall): Promise<rpc.CreateTeamResponse> {
    return this.teams.create(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'updateTeam')
  updateTeam(request: rpc.UpdateTeamRequest, { caller }: RpcCall): Promise<rpc.UpdateTeamResponse> {
    return this.teams.update(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'deleteTeams')
  deleteTeams(request: rpc.DeleteTeamsRequest, { caller }: RpcCall): Promise<rpc.DeleteTeamsResponse> {
    return this.teams.delete(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'getTeam')
  getTeam(request: rpc.GetTeamRequest, { caller }: RpcCall): Promise<rpc.GetTeamResponse> {
    return this.lists.get(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'listTeams')
  listTeams(request: rpc.ListTeamsRequest, { caller }: RpcCall): Promise<rpc.ListTeamsResponse> {
    return this.lists.list(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'blockTeam')
  blockTeam(request: rpc.BlockTeamRequest, { caller }: RpcCall): Promise<rpc.BlockTeamResponse> {
    return this.teams.block(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'addTeamMembers')
  addTeamMembers(request: rpc.AddTeamMembersRequest, { caller }: RpcCall): Promise<rpc.AddTeamMembersResponse> {
    return this.members.add(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'updateTeamMember')
  updateTeamMember(request: rpc.UpdateTeamMemberRequest, { caller }: RpcCall): Promise<rpc.UpdateTeamMemberResponse> {
    return this.members.update(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'deleteTeamMember')
  deleteTeamMember(request: rpc.DeleteTeamMemberRequest, { caller }: RpcCall): Promise<rpc.DeleteTeamMemberResponse> {
    return this.members.delete(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'addTeamModels')
  addTeamModels(request: rpc.AddTeamModelsRequest, { caller }: RpcCall): Promise<rpc.AddTeamModelsResponse> {
    return this.teams.addModels(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'deleteTeamModels')
  deleteTeamModels(request: rpc.DeleteTeamModelsRequest, { caller }: RpcCall): Promise<rpc.DeleteTeamModelsResponse> {
    return this.teams.deleteModels(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'getTeamPermissions')
  getTeamPermissions(
    request: rpc.GetTeamPermissionsRequest,
    { caller }: RpcCall,
  ): Promise<rpc.GetTeamPermissionsResponse> {
    return this.teams.getPermissions(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'setTeamPermissions')
  setTeamPermissions(
    request: rpc.SetTeamPermissionsRequest,
    { caller }: RpcCall,
  ): Promise<rpc.SetTeamPermissionsResponse> {
    return this.teams.setPermissions(caller, request);
  }

  @Rpc(TeamServiceDefinition, 'resetTeamSpend')
  resetTeamSpend(request: rpc.ResetTeamSpendRequest, { caller }: RpcCall): Promise<rpc.ResetTeamSpendResponse> {
    return this.teams.resetSpend(caller, request);
  }
}
