// `prometheus_initialize_budget_metrics`: every budget of the ledger is told, also of those who have not called yet.
import type { LedgerServices, PageInfo } from '@turnpike/rpc';
import type { CallerBook } from './caller-book.js';

const PAGE_SIZE = 100;
/** Of one kind. */
const MAX_PAGES = 200;

interface Budgeted {
  readonly account: string;
  readonly budget: { maxNanoUsd?: number; resetAt?: Date } | undefined;
  readonly spent: number;
}

interface Page {
  readonly budgeted: readonly Budgeted[];
  readonly page: PageInfo | undefined;
}

/** @param callerHash of the key on whose behalf it is asked; one that may see all. Rejects when the ledger does not answer */
export const learnAllBudgets = async (
  services: LedgerServices,
  book: CallerBook,
  callerHash: string,
): Promise<void> => {
  const options = { metadata: { 'x-turnpike-caller': callerHash } };
  const request = (page: number): { page: { page: number; size: number } } => ({ page: { page, size: PAGE_SIZE } });
  const kinds: readonly ((page: number) => Promise<Page>)[] = [
    async (at) => {
      const { keys, page } = await services.keys.listKeys(request(at), options);
      for (const { token, keyAlias } of keys) book.nameKey(token, keyAlias);
      return {
        page,
        budgeted: keys.map(({ token, budget, spendNanoUsd }) => ({
          account: `key:${token}`,
          budget,
          spent: spendNanoUsd,
        })),
      };
    },
    async (at) => {
      const { teams, page } = await services.teams.listTeams(request(at), options);
      for (const { teamId, teamAlias } of teams) book.nameTeam(teamId, teamAlias);
      return {
        page,
        budgeted: teams.map(({ teamId, budget, spendNanoUsd }) => ({
          account: `team:${teamId}`,
          budget,
          spent: spendNanoUsd,
        })),
      };
    },
    async (at) => {
      const { users, page } = await services.users.listUsers(request(at), options);
      return {
        page,
        budgeted: users.map(({ userId, budget, spendNanoUsd }) => ({
          account: `user:${userId}`,
          budget,
          spent: spendNanoUsd,
        })),
      };
    },
    async (at) => {
      const { organizations, page } = await services.organizations.listOrganizations(request(at), options);
      for (const { organizationId, organizationAlias } of organizations)
        book.nameOrganization(organizationId, organizationAlias);
      return {
        page,
        budgeted: organizations.map(({ organizationId, budget, spendNanoUsd }) => ({
          account: `organization:${organizationId}`,
          budget,
          spent: spendNanoUsd,
        })),
      };
    },
  ];
  for (const pageOf of kinds) {
    for (let at = 1; at <= MAX_PAGES; at += 1) {
      const { budgeted, page } = await pageOf(at);
      for (const { account, budget, spent } of budgeted) {
        if (budget?.maxNanoUsd !== undefined)
          book.granted({ account, max: budget.maxNanoUsd, spent, resetAt: budget.resetAt?.getTime() });
      }
      if (at >= (page?.totalPages ?? 1)) break;
    }
  }
};
