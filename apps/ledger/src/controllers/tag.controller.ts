import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { TagService } from '../services/tag.service.js';

const { TagServiceDefinition } = rpc;

@Controller()
export class TagController {
  constructor(private readonly tags: TagService) {}

  @Rpc(TagServiceDefinition, 'createTag')
  createTag(request: rpc.CreateTagRequest, { caller }: RpcCall): Promise<rpc.CreateTagResponse> {
    return this.tags.create(caller, request);
  }

  @Rpc(TagServiceDefinition, 'updateTag')
  updateTag(request: rpc.UpdateTagRequest, { caller }: RpcCall): Promise<rpc.UpdateTagResponse> {
    return this.tags.update(caller, request);
  }

  @Rpc(TagServiceDefinition, 'deleteTag')
  deleteTag(request: rpc.DeleteTagRequest, { caller }: RpcCall): Promise<rpc.DeleteTagResponse> {
    return this.tags.delete(caller, request);
  }

  @Rpc(TagServiceDefinition, 'getTags')
  getTags(request: rpc.GetTagsRequest, { caller }: RpcCall): Promise<rpc.GetTagsResponse> {
    return this.tags.get(caller, request);
  }

  @Rpc(TagServiceDefinition, 'listTags')
  listTags(request: rpc.ListTagsRequest, { caller }: RpcCall): Promise<rpc.ListTagsResponse> {
    return this.tags.list(caller, request);
  }
}
