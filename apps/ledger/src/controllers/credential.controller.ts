import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { CredentialService } from '../services/credential.service.js';

const { CredentialServiceDefinition } = rpc;

@Controller()
export class CredentialController {
  constructor(private readonly credentials: CredentialService) {}

  @Rpc(CredentialServiceDefinition, 'createCredential')
  createCredential(request: rpc.CreateCredentialRequest, { caller }: RpcCall): Promise<rpc.CreateCredentialResponse> {
    return this.credentials.create(caller, request);
  }

  @Rpc(CredentialServiceDefinition, 'updateCredential')
  updateCredential(request: rpc.UpdateCredentialRequest, { caller }: RpcCall): Promise<rpc.UpdateCredentialResponse> {
    return this.credentials.update(caller, request);
  }

  @Rpc(CredentialServiceDefinition, 'deleteCredential')
  deleteCredential(request: rpc.DeleteCredentialRequest, { caller }: RpcCall): Promise<rpc.DeleteCredentialResponse> {
    return this.credentials.delete(caller, request);
  }

  @Rpc(CredentialServiceDefinition, 'getCredential')
  getCredential(request: rpc.GetCredentialRequest, { caller }: RpcCall): Promise<rpc.GetCredentialResponse> {
    return this.credentials.get(caller, request);
  }

  @Rpc(CredentialServiceDefinition, 'listCredentials')
  listCredentials(request: rpc.ListCredentialsRequest, { caller }: RpcCall): Promise<rpc.ListCredentialsResponse> {
    return this.credentials.list(caller, request);
  }
}
