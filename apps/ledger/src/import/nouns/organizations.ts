import { OrganizationEntity } from '../../schema/entities/organization.entity.js';
import { boundsOf, effectiveTerms } from '../../services/effective-terms.js';
import { fromOrganizationEntity } from '../../services/organization.mapper.js';
import { accountOfOrganization, assertOrganization } from '../../services/organizations.js';
import { textOf } from '../../services/stored-terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Noun } from '../noun.js';
import { NO_BOUNDS } from '../source-terms.js';
import { OBJECT_PERMISSION, objectPermissionOf } from './object-permission.js';
import { spendOf } from './spends.js';

/** Their bounds are those of the budget that each of them has. */
export const organizations: Noun<OrganizationEntity> = {
  name: 'organizations',
  source: { table: 'LiteLLM_OrganizationTable', joined: { object_permission: OBJECT_PERMISSION } },
  entity: OrganizationEntity,
  primaryKey: ['organizationId'],
  nameOf: named('organization_id'),
  refersTo: (source) => ({ budgets: [textOf(source.text('budget_id'))] }),
  read: (source, context) => {
    const row: OrganizationEntity = {
      ...NO_BOUNDS,
      ...authorshipOf(source),
      organizationId: source.id('organization_id'),
      organizationAlias: source.text('organization_alias'),
      budgetId: source.text('budget_id'),
      modelTerms: {},
      models: source.texts('models'),
      objectPermission: objectPermissionOf(source),
      metadata: source.object('metadata'),
    };
    assertOrganization(fromOrganizationEntity(row, []));
    return [{ row, spends: [spendOf(accountOfOrganization(row.organizationId), source, context)] }];
  },
  needs: ({ budgetId }) => ({ budgets: [textOf(budgetId)] }),
  boundsOf: (row, { budgets }) =>
    boundsOf(accountOfOrganization(row.organizationId), effectiveTerms(row, budgets.get(textOf(row.budgetId)))),
  changeOf: ({ organizationId: id }) => ({ kind: 'organization', id }),
};
