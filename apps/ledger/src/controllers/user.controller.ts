import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { UserListService } from '../services/user-list.service.js';
import { UserService } from '../services/user.service.js';

const { UserServiceDefinition } = rpc;

@Controller()
export class UserController {
  constructor(
    private readonly users: UserService,
    private readonly lists: UserListService,
  ) {}

  @Rpc(UserServiceDefinition, 'createUser')
  createUser(request: rpc.CreateUserRequest, { caller }: RpcCall): Promise<rpc.CreateUserResponse> {
    return this.users.create(caller, request);
  }

  @Rpc(UserServiceDefinition, 'updateUser')
  updateUser(request: rpc.UpdateUserRequest, { caller }: RpcCall): Promise<rpc.UpdateUserResponse> {
    return this.users.update(caller, request);
  }

  @Rpc(UserServiceDefinition, 'deleteUsers')
  deleteUsers(request: rpc.DeleteUsersRequest, { caller }: RpcCall): Promise<rpc.DeleteUsersResponse> {
    return this.users.delete(caller, request);
  }

  @Rpc(UserServiceDefinition, 'getUser')
  getUser(request: rpc.GetUserRequest, { caller }: RpcCall): Promise<rpc.GetUserResponse> {
    return this.lists.get(caller, request);
  }

  @Rpc(UserServiceDefinition, 'listUsers')
  listUsers(request: rpc.ListUsersRequest, { caller }: RpcCall): Promise<rpc.ListUsersResponse> {
    return this.lists.list(caller, request);
  }

  @Rpc(UserServiceDefinition, 'resetUserSpend')
  resetUserSpend(request: rpc.ResetUserSpendRequest, { caller }: RpcCall): Promise<rpc.ResetUserSpendResponse> {
    return this.users.resetSpend(caller, request);
  }
}
