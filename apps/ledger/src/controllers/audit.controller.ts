import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { AuditService } from '../services/audit.service.js';

const { AuditServiceDefinition } = rpc;

@Controller()
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Rpc(AuditServiceDefinition, 'getAuditLog')
  getAuditLog(request: rpc.GetAuditLogRequest, { caller }: RpcCall): Promise<rpc.GetAuditLogResponse> {
    return this.audit.get(caller, request);
  }

  @Rpc(AuditServiceDefinition, 'listAuditLogs')
  listAuditLogs(request: rpc.ListAuditLogsRequest, { caller }: RpcCall): Promise<rpc.ListAuditLogsResponse> {
    return this.audit.list(caller, request);
  }
}
