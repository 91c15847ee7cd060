import type { BudgetEntity } from '../../schema/entities/budget.entity.js';
import type { StoredMemberTerms } from '../../schema/entities/columns.js';
import { TeamEntity } from '../../schema/entities/team.entity.js';
import { boundsOf, effectiveTerms } from '../../services/effective-terms.js';
import { MEMBER_PERMISSIONS } from '../../services/permissions.js';
import { textOf } from '../../services/stored-terms.js';
import { assertTeam } from '../../services/team-checks.js';
import { fromTeamEntity } from '../../services/team.mapper.js';
import { accountOfTeam } from '../../services/teams.js';
import { authorshipOf } from '../authorship.js';
import { named, sealedCallbacks, type Known, type Noun } from '../noun.js';
import type { SourceRow } from '../source-row.js';
import { boundColumnsOf, modelTermsOf, windowsOf, withoutNulls } from '../source-terms.js';
import { metadataOf } from './metadata.js';
import { OBJECT_PERMISSION, objectPermissionOf } from './object-permission.js';
import { modelSpendsOf, spendOf } from './spends.js';

/** The budget that holds for members who have none of their own. */
const memberBudgetOf = (source: SourceRow): string => {
  const id = source.object('metadata')['team_member_budget_id'];
  return typeof id === 'string' ? id : '';
};

const memberTermsOf = (source: SourceRow, { budgets }: Known): StoredMemberTerms | null => {
  const id = memberBudgetOf(source);
  if (id === '') return null;
  const budget: BudgetEntity | undefined = budgets.get(id);
  if (!budget) {
    source.note(`the budget of its members, ${id}, is not there: left out`);
    return null;
  }
  const { maxBudgetNano, softBudgetNano, budgetDuration, maxParallelRequests, tpmLimit, rpmLimit } = budget;
  const bounds = { maxBudgetNano, softBudgetNano, budgetDuration, maxParallelRequests, tpmLimit, rpmLimit };
  return { ...withoutNulls(bounds), models: budget.allowedModels };
};

const permissionsOf = (source: SourceRow): string[] => {
  const all = source.texts('team_member_permissions');
  const unknown = all.filter((permission) => !MEMBER_PERMISSIONS.includes(permission));
  if (unknown.length > 0) source.note(`team_member_permissions ${unknown.join(', ')} are not known here: left out`);
  return all.filter((permission) => MEMBER_PERMISSIONS.includes(permission));
};

const durationOfKeys = (source: SourceRow): string | null => {
  const duration = source.object('metadata')['team_member_key_duration'];
  return typeof duration === 'string' && duration !== '' ? duration : null;
};

export const teams: Noun<TeamEntity> = {
  name: 'teams',
  source: {
    table: 'LiteLLM_TeamTable',
    joined: {
      object_permission: OBJECT_PERMISSION,
      model_aliases: {
        table: 'LiteLLM_ModelTable',
        select: (table) => `SELECT to_jsonb(m.aliases) FROM ${table} m WHERE m.id = (r->>'model_id')::integer`,
      },
    },
  },
  entity: TeamEntity,
  primaryKey: ['teamId'],
  nameOf: named('team_id'),
  refersTo: (source) => ({
    organizations: [textOf(source.text('organization_id'))],
    budgets: [memberBudgetOf(source)],
  }),
  read: (source, context) => {
    const row: TeamEntity = {
      ...boundColumnsOf(source),
      ...authorshipOf(source),
      teamId: source.id('team_id'),
      teamAlias: source.text('team_alias'),
      organizationId: source.text('organization_id'),
      modelTerms: modelTermsOf(source),
      budgetWindows: windowsOf(source),
      defaultMemberTerms: memberTermsOf(source, context.known),
      memberKeyDuration: durationOfKeys(source),
      models: source.texts('models'),
      modelAliases: source.textMap('model_aliases'),
      accessGroupIds: source.texts('access_group_ids'),
      defaultMemberModels: source.texts('default_team_member_models'),
      memberPermissions: permissionsOf(source),
      objectPermission: objectPermissionOf(source),
      routerSettings: source.object('router_settings'),
      policies: source.texts('policies'),
      allowGuardrailConfig: source.flag('allow_team_guardrail_config'),
      metadata: metadataOf(source, context.secrets),
      blocked: source.flag('blocked'),
    };
    assertTeam(fromTeamEntity(row, [], new Map()));
    const account = accountOfTeam(row.teamId);
    return [{ row, spends: [spendOf(account, source, context), ...modelSpendsOf(account, source, row.modelTerms)] }];
  },
  needs: ({ organizationId }) => ({ organizations: [textOf(organizationId)] }),
  boundsOf: (row) => boundsOf(accountOfTeam(row.teamId), effectiveTerms(row)),
  sealed: sealedCallbacks(),
  changeOf: ({ teamId: id }) => ({ kind: 'team', id }),
};
