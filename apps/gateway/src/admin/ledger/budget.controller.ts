// /budget/*: terms with a name that many share, as LiteLLM manages them.
import { Body, Controller, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { readBody } from './body.js';
import {
  budgetAnswer,
  budgetChangesBody,
  budgetIdBody,
  budgetsBody,
  fromBudget,
  newBudgetBody,
  toBudgetChanges,
  toNewBudget,
} from './budget.json.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages } from './page.js';

const Route = managementRoutes('budgets');

@Controller('budget')
@UseGuards(LedgerGuard)
export class BudgetController {
  @Route('POST', 'new', { summary: 'Makes a budget', body: newBudgetBody, answer: budgetAnswer })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toNewBudget(readBody(newBudgetBody, body));
    const { budget } = await ledger.ask(ledger.services.budgets.createBudget, request);
    return fromBudget(budget!);
  }

  @Route('POST', 'update', {
    summary: 'Changes the fields that are given; null clears one',
    body: budgetChangesBody,
    answer: budgetAnswer,
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toBudgetChanges(readBody(budgetChangesBody, body));
    const { budget } = await ledger.ask(ledger.services.budgets.updateBudget, request);
    return fromBudget(budget!);
  }

  @Route('POST', 'info', {
    summary: 'Budgets by their ids; unknown ones are left out',
    body: budgetsBody,
    answer: z.array(budgetAnswer),
  })
  async info(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject[]> {
    const { budgets: budgetIds } = readBody(budgetsBody, body);
    const { budgets } = await ledger.ask(ledger.services.budgets.getBudgets, { budgetIds });
    return budgets.map(fromBudget);
  }

  @Route('GET', 'list', { summary: 'All budgets', answer: z.array(budgetAnswer) })
  async list(@Ledger() ledger: OnBehalf): Promise<JsonObject[]> {
    return allPages(async (page) => {
      const answer = await ledger.ask(ledger.services.budgets.listBudgets, { page });
      return { rows: answer.budgets.map(fromBudget), page: answer.page };
    });
  }

  @Route('POST', 'delete', {
    summary: 'Deletes a budget; who shared it is without its terms from then on',
    body: budgetIdBody,
    answer: budgetAnswer,
  })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { id: budgetId } = readBody(budgetIdBody, body);
    const { budget } = await ledger.ask(ledger.services.budgets.deleteBudget, { budgetId });
    return fromBudget(budget!);
  }
}
