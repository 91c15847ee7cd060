import { accountName } from '@turnpike/domain';
import { TagEntity } from '../../schema/entities/tag.entity.js';
import { boundsOf, effectiveTerms } from '../../services/effective-terms.js';
import { textOf } from '../../services/stored-terms.js';
import { assertId, assertJson, assertNames } from '../../services/terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Noun } from '../noun.js';
import { NO_BOUNDS } from '../source-terms.js';
import { spendOf } from './spends.js';

const accountOfTag = (name: string): string => accountName('tag', name);

export const tags: Noun<TagEntity> = {
  name: 'tags',
  source: { table: 'LiteLLM_TagTable' },
  entity: TagEntity,
  primaryKey: ['tagName'],
  nameOf: named('tag_name'),
  refersTo: (source) => ({ budgets: [textOf(source.text('budget_id'))] }),
  read: (source, context) => {
    const row: TagEntity = {
      ...NO_BOUNDS,
      ...authorshipOf(source),
      tagName: source.id('tag_name'),
      description: source.text('description'),
      models: source.texts('models'),
      modelInfo: source.object('model_info'),
      budgetId: source.text('budget_id'),
      modelTerms: {},
    };
    assertId(row.tagName, 'tag_name');
    assertNames(row.models, 'models');
    assertJson(row.modelInfo, 'model_info');
    return [{ row, spends: [spendOf(accountOfTag(row.tagName), source, context)] }];
  },
  needs: ({ budgetId }) => ({ budgets: [textOf(budgetId)] }),
  boundsOf: (row, { budgets }) =>
    boundsOf(accountOfTag(row.tagName), effectiveTerms(row, budgets.get(textOf(row.budgetId)))),
  changeOf: ({ tagName: id }) => ({ kind: 'tag', id }),
};
