import { AccessGroupEntity } from '../../schema/entities/access-group.entity.js';
import { assertName, assertNames } from '../../services/terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Noun } from '../noun.js';

/** What they let in beside models, such as agents, is left to what has such things. */
export const accessGroups: Noun<AccessGroupEntity> = {
  name: 'access_groups',
  source: { table: 'LiteLLM_AccessGroupTable' },
  entity: AccessGroupEntity,
  primaryKey: ['accessGroupId'],
  nameOf: named('access_group_id'),
  refersTo: () => ({}),
  read: (source) => {
    for (const other of ['access_mcp_server_ids', 'access_agent_ids']) {
      if (source.texts(other).length > 0) source.note(`${other} have no place here: left out`);
    }
    const row: AccessGroupEntity = {
      ...authorshipOf(source),
      accessGroupId: source.id('access_group_id'),
      name: source.text('access_group_name') ?? source.id('access_group_id'),
      description: source.text('description'),
      models: source.texts('access_model_names'),
      modelIds: source.texts('access_model_ids'),
    };
    assertName(row.accessGroupId, 'access_group_id');
    assertName(row.name, 'access_group_name');
    assertNames(row.models, 'access_model_names');
    return [{ row }];
  },
  unique: { property: 'name', isOptional: false },
  changeOf: () => ({ kind: 'all', id: '' }),
};
