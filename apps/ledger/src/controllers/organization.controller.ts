import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { OrganizationMemberService } from '../services/organization-member.service.js';
import { OrganizationService } from '../services/organization.service.js';

const { OrganizationServiceDefinition } = rpc;

@Controller()
export class OrganizationController {
  constructor(
    private readonly organizations: OrganizationService,
    private readonly members: OrganizationMemberService,
  ) {}

  @Rpc(OrganizationServiceDefinition, 'createOrganization')
  createOrganization(
    request: rpc.CreateOrganizationRequest,
    { caller }: RpcCall,
  ): Promise<rpc.CreateOrganizationResponse> {
    return this.organizations.create(caller, request);
  }

  @Rpc(OrganizationServiceDefinition, 'updateOrganization')
  updateOrganization(
    request: rpc.UpdateOrganizationRequest,
    { caller }: RpcCall,
  ): Promise<rpc.UpdateOrganizationResponse> {
    return this.organizations.update(caller, request);
  }

  @Rpc(OrganizationServiceDefinition, 'deleteOrganizations')
  deleteOrganizations(
    request: rpc.DeleteOrganizationsRequest,
    { caller }: RpcCall,
  ): Promise<rpc.DeleteOrganizationsResponse> {
    return this.organizations.delete(caller, request);
  }

  @Rpc(OrganizationServiceDefinition, 'getOrganization')
  getOrganization(request: rpc.GetOrganizationRequest, { caller }: RpcCall): Promise<rpc.GetOrganizationResponse> {
    return this.organizations.get(caller, request);
  }

  @Rpc(OrganizationServiceDefinition, 'listOrganizations')
  listOrganizations(
    request: rpc.ListOrganizationsRequest,
    { caller }: RpcCall,
  ): Promise<rpc.ListOrganizationsResponse> {
    return this.organizations.list(caller, request);
  }

  @Rpc(OrganizationServiceDefinition, 'addOrganizationMembers')
  addOrganizationMembers(
    request: rpc.AddOrganizationMembersRequest,
    { caller }: RpcCall,
  ): Promise<rpc.AddOrganizationMembersResponse> {
    return this.members.add(caller, request);
  }

  @Rpc(OrganizationServiceDefinition, 'updateOrganizationMember')
  updateOrganizationMember(
    request: rpc.UpdateOrganizationMemberRequest,
    { caller }: RpcCall,
  ): Promise<rpc.UpdateOrganizationMemberResponse> {
    return this.members.update(caller, request);
  }

  @Rpc(OrganizationServiceDefinition, 'deleteOrganizationMember')
  deleteOrganizationMember(
    request: rpc.DeleteOrganizationMemberRequest,
    { caller }: RpcCall,
  ): Promise<rpc.DeleteOrganizationMemberResponse> {
    return this.members.delete(caller, request);
  }
}
