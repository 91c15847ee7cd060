import { Controller } from '@nestjs/common';
import {
  KeyServiceDefinition,
  type BlockKeyRequest,
  type BlockKeyResponse,
  type DeleteKeysRequest,
  type DeleteKeysResponse,
  type GenerateKeyRequest,
  type GenerateKeyResponse,
  type GetKeyRequest,
  type GetKeyResponse,
  type ListKeyAliasesRequest,
  type ListKeyAliasesResponse,
  type ListKeysRequest,
  type ListKeysResponse,
  type RegenerateKeyRequest,
  type RegenerateKeyResponse,
  type ResetKeySpendRequest,
  type ResetKeySpendResponse,
  type UpdateKeyRequest,
  type UpdateKeyResponse,
} from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { KeyListService } from '../services/key-list.service.js';
import { KeyService } from '../services/key.service.js';

@Controller()
export class KeyController {
  constructor(
    private readonly keys: KeyService,
    private readonly lists: KeyListService,
  ) {}

  @Rpc(KeyServiceDefinition, 'generateKey')
  generateKey(request: GenerateKeyRequest, { caller }: RpcCall): Promise<GenerateKeyResponse> {
    return this.keys.generate(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'updateKey')
  updateKey(request: UpdateKeyRequest, { caller }: RpcCall): Promise<UpdateKeyResponse> {
    return this.keys.update(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'deleteKeys')
  deleteKeys(request: DeleteKeysRequest, { caller }: RpcCall): Promise<DeleteKeysResponse> {
    return this.keys.delete(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'getKey')
  getKey(request: GetKeyRequest, { caller }: RpcCall): Promise<GetKeyResponse> {
    return this.lists.get(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'listKeys')
  listKeys(request: ListKeysRequest, { caller }: RpcCall): Promise<ListKeysResponse> {
    return this.lists.list(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'listKeyAliases')
  listKeyAliases(request: ListKeyAliasesRequest, { caller }: RpcCall): Promise<ListKeyAliasesResponse> {
    return this.lists.listAliases(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'blockKey')
  blockKey(request: BlockKeyRequest, { caller }: RpcCall): Promise<BlockKeyResponse> {
    return this.keys.block(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'regenerateKey')
  regenerateKey(request: RegenerateKeyRequest, { caller }: RpcCall): Promise<RegenerateKeyResponse> {
    return this.keys.regenerate(caller, request);
  }

  @Rpc(KeyServiceDefinition, 'resetKeySpend')
  resetKeySpend(request: ResetKeySpendRequest, { caller }: RpcCall): Promise<ResetKeySpendResponse> {
    return this.keys.resetSpend(caller, request);
  }
}
