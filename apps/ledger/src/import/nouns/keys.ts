import { VirtualKeyEntity } from '../../schema/entities/virtual-key.entity.js';
import { boundsOf, effectiveTerms, temporaryIncrease } from '../../services/effective-terms.js';
import { assertKey } from '../../services/key-checks.js';
import { fromKeyEntity } from '../../services/key.mapper.js';
import { accountOfKey } from '../../services/keys.js';
import { keyNameOf } from '../../services/key-secret.js';
import { textOf } from '../../services/stored-terms.js';
import { authorshipOf } from '../authorship.js';
import { sealedCallbacks, type Noun } from '../noun.js';
import type { SourceRow } from '../source-row.js';
import { boundColumnsOf, modelTermsOf, windowsOf } from '../source-terms.js';
import { metadataOf } from './metadata.js';
import { OBJECT_PERMISSION, objectPermissionOf } from './object-permission.js';
import { modelSpendsOf, spendOf } from './spends.js';
import { nameOfToken, tokenOf } from './token.js';

/** Whom the keys belong to that its dashboard makes for everyone who logs in. */
export const DASHBOARD_TEAM = 'litellm-dashboard';

/** Never more than may be shown, whatever stands there. */
const nameOf = (source: SourceRow): string => {
  const name = source.text('key_name') ?? 'sk-...';
  return name.includes('...') && name.length <= 16 ? name : keyNameOf(name);
};

const noteWhatIsLost = (source: SourceRow): void => {
  const project = source.text('project_id');
  if (project !== null)
    source.note(`its project ${project} is not taken over: the models and the budget of the project do not hold here`);
  if (source.flag('auto_rotate'))
    source.note('auto_rotate is off here: nobody would be told the new secret. Rotate it by /key/{key}/regenerate');
  const policies = source.texts('policies');
  if (policies.length > 0) source.note(`policies ${policies.join(', ')} have no place here: left out`);
};

export const keys: Noun<VirtualKeyEntity> = {
  name: 'keys',
  source: {
    table: 'LiteLLM_VerificationToken',
    where: `r->>'team_id' IS DISTINCT FROM '${DASHBOARD_TEAM}'`,
    joined: { object_permission: OBJECT_PERMISSION },
  },
  entity: VirtualKeyEntity,
  primaryKey: ['token'],
  nameOf: nameOfToken,
  refersTo: (source) => ({
    budgets: [textOf(source.text('budget_id'))],
    teams: [textOf(source.text('team_id'))],
    organizations: [textOf(source.text('organization_id'))],
  }),
  read: (source, context) => {
    noteWhatIsLost(source);
    const row: VirtualKeyEntity = {
      ...boundColumnsOf(source),
      ...authorshipOf(source),
      token: tokenOf(source),
      keyName: nameOf(source),
      keyAlias: source.text('key_alias'),
      userId: source.text('user_id'),
      teamId: source.text('team_id'),
      organizationId: source.text('organization_id'),
      projectId: source.text('project_id'),
      agentId: source.text('agent_id'),
      budgetId: source.text('budget_id'),
      modelTerms: modelTermsOf(source),
      budgetWindows: windowsOf(source),
      models: source.texts('models'),
      aliases: source.textMap('aliases'),
      accessGroupIds: source.texts('access_group_ids'),
      allowedRoutes: source.texts('allowed_routes'),
      allowedCacheControls: source.texts('allowed_cache_controls'),
      permissions: source.object('permissions'),
      objectPermission: objectPermissionOf(source),
      config: source.object('config'),
      routerSettings: source.object('router_settings'),
      metadata: metadataOf(source, context.secrets),
      blocked: source.flag('blocked'),
      expires: source.time('expires'),
      lastActive: source.time('last_active'),
      rotationCount: source.count('rotation_count', 2 ** 31 - 1) ?? 0,
      autoRotate: false,
      rotationInterval: source.text('rotation_interval'),
      lastRotationAt: source.time('last_rotation_at'),
      keyRotationAt: null,
    };
    assertKey(fromKeyEntity(row));
    const account = accountOfKey(row.token);
    return [{ row, spends: [spendOf(account, source, context), ...modelSpendsOf(account, source, row.modelTerms)] }];
  },
  needs: ({ budgetId, teamId, organizationId }) => ({
    budgets: [textOf(budgetId)],
    teams: [textOf(teamId)],
    organizations: [textOf(organizationId)],
  }),
  unique: { property: 'keyAlias', isOptional: true },
  kept: ['lastActive'],
  boundsOf: (row, { budgets }, now) =>
    boundsOf(
      accountOfKey(row.token),
      effectiveTerms(row, budgets.get(textOf(row.budgetId))),
      temporaryIncrease(row.metadata, now),
    ),
  sealed: sealedCallbacks(),
  changeOf: ({ token: id }) => ({ kind: 'key', id }),
};
