import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { SpendLogService } from '../services/spend-log.service.js';
import { SpendReportService } from '../services/spend-report.service.js';
import { SpendService } from '../services/spend.service.js';

const { SpendServiceDefinition } = rpc;

@Controller()
export class SpendController {
  constructor(
    private readonly logs: SpendLogService,
    private readonly spend: SpendService,
    private readonly reports: SpendReportService,
  ) {}

  @Rpc(SpendServiceDefinition, 'listSpendLogs')
  listSpendLogs(request: rpc.ListSpendLogsRequest, { caller }: RpcCall): Promise<rpc.ListSpendLogsResponse> {
    return this.logs.list(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'getSpendLog')
  getSpendLog(request: rpc.GetSpendLogRequest, { caller }: RpcCall): Promise<rpc.GetSpendLogResponse> {
    return this.logs.get(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'summarizeSpend')
  summarizeSpend(request: rpc.SummarizeSpendRequest, { caller }: RpcCall): Promise<rpc.SummarizeSpendResponse> {
    return this.spend.summarize(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'getSpendBy')
  getSpendBy(request: rpc.GetSpendByRequest, { caller }: RpcCall): Promise<rpc.GetSpendByResponse> {
    return this.spend.getBy(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'getDailyActivity')
  getDailyActivity(request: rpc.GetDailyActivityRequest, { caller }: RpcCall): Promise<rpc.GetDailyActivityResponse> {
    return this.spend.getDailyActivity(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'getGlobalSpend')
  getGlobalSpend(request: rpc.GetGlobalSpendRequest, { caller }: RpcCall): Promise<rpc.GetGlobalSpendResponse> {
    return this.spend.getGlobal(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'listDistinct')
  listDistinct(request: rpc.ListDistinctRequest, { caller }: RpcCall): Promise<rpc.ListDistinctResponse> {
    return this.spend.listDistinct(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'reportSpend')
  reportSpend(request: rpc.ReportSpendRequest, { caller }: RpcCall): Promise<rpc.ReportSpendResponse> {
    return this.reports.report(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'countActiveUsers')
  countActiveUsers(request: rpc.CountActiveUsersRequest, { caller }: RpcCall): Promise<rpc.CountActiveUsersResponse> {
    return this.reports.countActiveUsers(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'countErrors')
  countErrors(request: rpc.CountErrorsRequest, { caller }: RpcCall): Promise<rpc.CountErrorsResponse> {
    return this.reports.countErrors(caller, request);
  }

  @Rpc(SpendServiceDefinition, 'resetGlobalSpend')
  resetGlobalSpend(_: rpc.ResetGlobalSpendRequest, { caller }: RpcCall): Promise<rpc.ResetGlobalSpendResponse> {
    return this.reports.resetGlobal(caller);
  }
}
