import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { ModelService } from '../services/model.service.js';

const { ModelServiceDefinition } = rpc;

@Controller()
export class ModelController {
  constructor(private readonly models: ModelService) {}

  @Rpc(ModelServiceDefinition, 'createModel')
  createModel(request: rpc.CreateModelRequest, { caller }: RpcCall): Promise<rpc.CreateModelResponse> {
    return this.models.create(caller, request);
  }

  @Rpc(ModelServiceDefinition, 'updateModel')
  updateModel(request: rpc.UpdateModelRequest, { caller }: RpcCall): Promise<rpc.UpdateModelResponse> {
    return this.models.update(caller, request);
  }

  @Rpc(ModelServiceDefinition, 'deleteModel')
  deleteModel(request: rpc.DeleteModelRequest, { caller }: RpcCall): Promise<rpc.DeleteModelResponse> {
    return this.models.delete(caller, request);
  }

  @Rpc(ModelServiceDefinition, 'getModel')
  getModel(request: rpc.GetModelRequest, { caller }: RpcCall): Promise<rpc.GetModelResponse> {
    return this.models.get(caller, request);
  }

  @Rpc(ModelServiceDefinition, 'listModels')
  listModels(request: rpc.ListModelsRequest, { caller }: RpcCall): Promise<rpc.ListModelsResponse> {
    return this.models.list(caller, request);
  }

  @Rpc(ModelServiceDefinition, 'blockModel')
  blockModel(request: rpc.BlockModelRequest, { caller }: RpcCall): Promise<rpc.BlockModelResponse> {
    return this.models.block(caller, request);
  }
}
