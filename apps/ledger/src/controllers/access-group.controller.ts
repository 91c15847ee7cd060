import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { AccessGroupService } from '../services/access-group.service.js';

const { AccessGroupServiceDefinition } = rpc;

@Controller()
export class AccessGroupController {
  constructor(private readonly accessGroups: AccessGroupService) {}

  @Rpc(AccessGroupServiceDefinition, 'createAccessGroup')
  createAccessGroup(
    request: rpc.CreateAccessGroupRequest,
    { caller }: RpcCall,
  ): Promise<rpc.CreateAccessGroupResponse> {
    return this.accessGroups.create(caller, request);
  }

  @Rpc(AccessGroupServiceDefinition, 'updateAccessGroup')
  updateAccessGroup(
    request: rpc.UpdateAccessGroupRequest,
    { caller }: RpcCall,
  ): Promise<rpc.UpdateAccessGroupResponse> {
    return this.accessGroups.update(caller, request);
  }

  @Rpc(AccessGroupServiceDefinition, 'deleteAccessGroup')
  deleteAccessGroup(
    request: rpc.DeleteAccessGroupRequest,
    { caller }: RpcCall,
  ): Promise<rpc.DeleteAccessGroupResponse> {
    return this.accessGroups.delete(caller, request);
  }

  @Rpc(AccessGroupServiceDefinition, 'getAccessGroup')
  getAccessGroup(request: rpc.GetAccessGroupRequest, { caller }: RpcCall): Promise<rpc.GetAccessGroupResponse> {
    return this.accessGroups.get(caller, request);
  }

  @Rpc(AccessGroupServiceDefinition, 'listAccessGroups')
  listAccessGroups(request: rpc.ListAccessGroupsRequest, { caller }: RpcCall): Promise<rpc.ListAccessGroupsResponse> {
    return this.accessGroups.list(caller, request);
  }
}
