import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { SettingService } from '../services/setting.service.js';

const { SettingServiceDefinition } = rpc;

@Controller()
export class SettingController {
  constructor(private readonly settings: SettingService) {}

  @Rpc(SettingServiceDefinition, 'getSetting')
  getSetting(request: rpc.GetSettingRequest, { caller }: RpcCall): Promise<rpc.GetSettingResponse> {
    return this.settings.get(caller, request);
  }

  @Rpc(SettingServiceDefinition, 'listSettings')
  listSettings(_request: rpc.ListSettingsRequest, { caller }: RpcCall): Promise<rpc.ListSettingsResponse> {
    return this.settings.list(caller);
  }

  @Rpc(SettingServiceDefinition, 'updateSetting')
  updateSetting(request: rpc.UpdateSettingRequest, { caller }: RpcCall): Promise<rpc.UpdateSettingResponse> {
    return this.settings.update(caller, request);
  }

  @Rpc(SettingServiceDefinition, 'deleteSetting')
  deleteSetting(request: rpc.DeleteSettingRequest, { caller }: RpcCall): Promise<rpc.DeleteSettingResponse> {
    return this.settings.delete(caller, request);
  }
}
