// Deployments and credentials that were made over its API. Their secrets are opened with its key, and sealed with ours.
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { CredentialEntity } from '../../schema/entities/credential.entity.js';
import { ModelEntity } from '../../schema/entities/model.entity.js';
import { textOf } from '../../services/stored-terms.js';
import { assertJson, assertName } from '../../services/terms.js';
import { placeOfCredential, placeOfModel } from '../../storage/secret-places.js';
import { authorshipOf } from '../authorship.js';
import { named, sealedText, type Noun } from '../noun.js';
import { SealedValue, type OldSecrets } from '../old-secrets.js';
import { UnfitRow, type SourceRow } from '../source-row.js';

/** Texts are sealed there one by one; numbers, flags and lists are in clear. One that does not open is left out. */
const opened = (source: SourceRow, column: string, secrets: OldSecrets): JsonObject => {
  const values: JsonObject = {};
  for (const [name, value] of Object.entries(source.object(column))) {
    try {
      values[name] = openedValue(value, secrets);
    } catch (error) {
      if (!(error instanceof SealedValue)) throw error;
      source.note(`${column}.${name} ${error.message}: left out`);
    }
  }
  return values;
};

const openedValue = (value: JsonValue | undefined, secrets: OldSecrets): JsonValue | undefined =>
  typeof value === 'string' ? secrets.open(value) : value;

export const models: Noun<ModelEntity> = {
  name: 'models',
  source: { table: 'LiteLLM_ProxyModelTable' },
  entity: ModelEntity,
  primaryKey: ['modelId'],
  nameOf: named('model_id'),
  refersTo: (source) => ({ teams: [teamOf(source) ?? ''] }),
  read: (source, { secrets }) => {
    const params = opened(source, 'litellm_params', secrets);
    if (typeof params['model'] !== 'string')
      throw new UnfitRow(
        source.notes.find((note) => note.startsWith('litellm_params.model ')) ?? 'litellm_params has no model',
      );
    const info = source.object('model_info');
    const publicName = info['team_public_model_name'];
    const row: ModelEntity = {
      ...authorshipOf(source),
      modelId: source.id('model_id'),
      modelName: source.id('model_name'),
      litellmParams: JSON.stringify(params),
      modelInfo: info,
      teamId: teamOf(source),
      teamPublicModelName: typeof publicName === 'string' && publicName !== '' ? publicName : null,
      blocked: source.flag('blocked'),
    };
    assertName(row.modelId, 'model_id');
    assertName(row.modelName, 'model_name');
    assertJson(row.modelInfo, 'model_info');
    return [{ row }];
  },
  needs: ({ teamId }) => ({ teams: [textOf(teamId)] }),
  sealed: sealedText('litellmParams', ({ modelId }) => placeOfModel(modelId)),
  changeOf: ({ modelId: id }) => ({ kind: 'model', id }),
};

const teamOf = (source: SourceRow): string | null => {
  const team = source.object('model_info')['team_id'];
  return typeof team === 'string' && team !== '' ? team : null;
};

export const credentials: Noun<CredentialEntity> = {
  name: 'credentials',
  source: { table: 'LiteLLM_CredentialsTable' },
  entity: CredentialEntity,
  primaryKey: ['credentialId'],
  nameOf: named('credential_id'),
  refersTo: () => ({}),
  read: (source, { secrets }) => {
    const values = opened(source, 'credential_values', secrets);
    if (Object.keys(values).length === 0 && source.notes.length > 0)
      throw new UnfitRow('none of its credential_values opens: give the LITELLM_SALT_KEY that they were made with');
    const row: CredentialEntity = {
      ...authorshipOf(source),
      credentialId: source.id('credential_id'),
      credentialName: source.id('credential_name'),
      credentialValues: JSON.stringify(values),
      credentialInfo: source.object('credential_info'),
    };
    assertName(row.credentialId, 'credential_id');
    assertName(row.credentialName, 'credential_name');
    assertJson(row.credentialInfo, 'credential_info');
    return [{ row }];
  },
  unique: { property: 'credentialName', isOptional: false },
  sealed: sealedText('credentialValues', ({ credentialId }) => placeOfCredential(credentialId)),
  changeOf: ({ credentialName: id }) => ({ kind: 'credential', id }),
};
