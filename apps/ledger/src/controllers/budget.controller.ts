import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { BudgetService } from '../services/budget.service.js';

const { BudgetServiceDefinition } = rpc;

@Controller()
export class BudgetController {
  constructor(private readonly budgets: BudgetService) {}

  @Rpc(BudgetServiceDefinition, 'createBudget')
  createBudget(request: rpc.CreateBudgetRequest, { caller }: RpcCall): Promise<rpc.CreateBudgetResponse> {
    return this.budgets.create(caller, request);
  }

  @Rpc(BudgetServiceDefinition, 'updateBudget')
  updateBudget(request: rpc.UpdateBudgetRequest, { caller }: RpcCall): Promise<rpc.UpdateBudgetResponse> {
    return this.budgets.update(caller, request);
  }

  @Rpc(BudgetServiceDefinition, 'deleteBudget')
  deleteBudget(request: rpc.DeleteBudgetRequest, { caller }: RpcCall): Promise<rpc.DeleteBudgetResponse> {
    return this.budgets.delete(caller, request);
  }

  @Rpc(BudgetServiceDefinition, 'getBudgets')
  getBudgets(request: rpc.GetBudgetsRequest, { caller }: RpcCall): Promise<rpc.GetBudgetsResponse> {
    return this.budgets.get(caller, request);
  }

  @Rpc(BudgetServiceDefinition, 'listBudgets')
  listBudgets(request: rpc.ListBudgetsRequest, { caller }: RpcCall): Promise<rpc.ListBudgetsResponse> {
    return this.budgets.list(caller, request);
  }
}
