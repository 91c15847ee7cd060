// Models that came by API: what they are, whose they are, and who may change them. Their parameters are sealed.
import { Inject, Injectable } from '@nestjs/common';
import { isSecretName, withChanges } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import {
  StoredModel,
  type BlockModelRequest,
  type CreateModelRequest,
  type DeleteModelRequest,
  type GetModelRequest,
  type ListModelsRequest,
  type ListModelsResponse,
  type UpdateModelRequest,
} from '@turnpike/rpc';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { ModelRepository } from '../repositories/model.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import type { ModelEntity } from '../schema/entities/model.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { authorOf, isAdmin, seesAll, type Caller } from './caller.js';
import { API_ENV_NAMES } from './ledger-settings.js';
import { toMaskedModel } from './model.mapper.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { denied, mayManageTeam, maySeeTeam, type Standing } from './permissions.js';
import { Recorder, type Deed } from './recorder.js';
import { placeOf, SealedDocuments } from './sealed-documents.js';
import { Standings } from './standings.js';
import { assertDocument, assertParams, mapOf } from './stored-values.js';
import { columnOf, textOf } from './stored-terms.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { ownersOfTeam } from './teams.js';
import { assertId, assertName } from './terms.js';

type ModelAnswer = Promise<{ model: StoredModel }>;

/** Wildcards are tried against names that clients make up. */
const MAX_STARS = 3;
/** What has columns of its own, and is told there. */
const TOLD_ELSEWHERE = ['id', 'db_model', 'team_id', 'team_public_model_name'];
/** With these, whoever may make a model would get at what is not theirs, or in the way of others. */
const FOR_ADMINS = ['litellm_credential_name', 'tag_regex'];
const MANAGERS = 'a proxy admin, or for the models of a team its admin';

@Injectable()
export class ModelService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: ModelRepository,
    private readonly teams: TeamRepository,
    private readonly standings: Standings,
    private readonly documents: SealedDocuments,
    private readonly recorder: Recorder,
    @Inject(API_ENV_NAMES) private readonly envNames: readonly string[],
  ) {}

  async create(caller: Caller, request: CreateModelRequest): ModelAnswer {
    const asked = request.model ?? StoredModel.fromPartial({});
    const info = mapOf(asked.modelInfo);
    const modelId = asked.modelId || textIn(info, 'id') || randomUUID();
    const teamId = asked.teamId || textIn(info, 'team_id');
    const publicName = asked.teamPublicModelName || textIn(info, 'team_public_model_name') || asked.modelName;
    const params = withChanges({}, mapOf(asked.litellmParams), 'litellm_params');
    assertModelName(teamId ? publicName : asked.modelName);
    assertId(modelId, 'model_info.id');
    const modelInfo = this.checked(params, withChanges({}, info, 'model_info'), teamId);
    const meanings = { models_pkey: () => alreadyExists(`The model '${modelId}'`, 'model_info.id') };
    return await this.transact(async (manager) => {
      await this.assertMay(manager, caller, teamId, params);
      const author = authorOf(caller);
      const model = await this.repository.insert(manager, {
        modelId,
        // The name that all would know it by is nobody's.
        modelName: teamId ? `model_name_${teamId}_${randomUUID()}` : asked.modelName,
        litellmParams: this.documents.seal(params, placeOf.model(modelId)),
        modelInfo,
        teamId: columnOf(teamId),
        teamPublicModelName: teamId ? publicName : null,
        blocked: asked.blocked,
        createdBy: author,
        updatedBy: author,
      });
      return await this.answer(manager, caller, { action: 'created', id: modelId }, model);
    }, meanings);
  }

  async update(caller: Caller, request: UpdateModelRequest): ModelAnswer {
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, request.modelId);
      const { modelId, replace } = request;
      const teamId = textOf(before.teamId);
      const place = placeOf.model(modelId);
      const current = replace
        ? (this.documents.tryOpen(before.litellmParams, place) ?? {})
        : this.documents.open(before.litellmParams, place);
      const params = withChanges(current, mapOf(request.litellmParams), 'litellm_params', replace);
      const info = withChanges(before.modelInfo, mapOf(request.modelInfo), 'model_info', replace);
      assertSame(info, 'id', modelId);
      assertSame(info, 'team_id', teamId);
      // The name that is told of a team's model, sent back, changes nothing.
      const asked = request.modelName === before.modelName ? '' : request.modelName;
      const name = asked || (teamId ? textIn(info, 'team_public_model_name') : '');
      if (name) assertModelName(name);
      const modelInfo = this.checked(params, info, teamId);
      await this.assertMay(manager, caller, teamId, { ...current, ...params });
      if (!isAdmin(caller)) assertSecretsStay(current, params);
      const model = await this.repository.update(manager, modelId, {
        ...(name && (teamId ? { teamPublicModelName: name } : { modelName: name })),
        litellmParams: this.documents.seal(params, place),
        modelInfo,
        updatedBy: authorOf(caller),
      });
      return await this.answer(manager, caller, { action: 'updated', id: modelId, before: this.shown(before) }, model!);
    });
  }

  async delete(caller: Caller, { modelId }: DeleteModelRequest): ModelAnswer {
    return await this.transact(async (manager) => {
      const model = await this.lock(manager, modelId);
      await this.assertMay(manager, caller, textOf(model.teamId));
      await this.repository.delete(manager, [modelId]);
      const shown = this.shown(model);
      await this.record(manager, caller, { action: 'deleted', id: modelId, before: shown });
      return { model: shown };
    });
  }

  async block(caller: Caller, { modelId, blocked }: BlockModelRequest): ModelAnswer {
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, modelId);
      await this.assertMay(manager, caller, textOf(before.teamId));
      const model = await this.repository.update(manager, modelId, { blocked, updatedBy: authorOf(caller) });
      const action = blocked ? 'blocked' : 'unblocked';
      return await this.answer(manager, caller, { action, id: modelId, before: this.shown(before) }, model!);
    });
  }

  async get(caller: Caller, { modelId }: GetModelRequest): ModelAnswer {
    return await storing(async () => {
      const { manager } = this.dataSource;
      const model = await this.repository.find(manager, modelId);
      const standing = await this.standings.of(manager, caller);
      // Whoever may not see it learns nothing of it, not even that it is there.
      if (!model || !(seesAll(caller) || (await this.isOfTheirs(manager, standing, model)))) throw unknown(modelId);
      return { model: this.shown(model) };
    });
  }

  async list(caller: Caller, request: ListModelsRequest): Promise<ListModelsResponse> {
    const query = toPageQuery(request.page);
    return await storing(async () => {
      const { manager } = this.dataSource;
      const { teams } = await this.standings.of(manager, caller);
      const teamIds = seesAll(caller) ? undefined : [...teams.keys(), ...(caller.teamId ? [caller.teamId] : [])];
      const { modelName, teamId, search } = request;
      const filter = { modelName: modelName || undefined, teamId: teamId || undefined, teamIds, search };
      const { rows, totalCount } = await this.repository.page(manager, filter, query);
      return { models: rows.map((row) => this.shown(row)), page: pageInfoOf(query, totalCount) };
    });
  }

  /** @returns the information to keep @throws GW_INVALID_REQUEST */
  private checked(params: JsonObject, info: JsonObject, teamId: string): JsonObject {
    const { model } = params;
    if (typeof model !== 'string' || model.trim() === '')
      throw invalidRequest(
        'litellm_params.model is missing: name the provider and its model, such as openai/gpt-4o.',
        'litellm_params.model',
      );
    assertName(model, 'litellm_params.model');
    // The admins of a team may not read what is the installation's.
    assertParams(params, 'litellm_params', teamId ? [] : this.envNames);
    const kept = Object.fromEntries(Object.entries(info).filter(([name]) => !TOLD_ELSEWHERE.includes(name)));
    assertDocument(kept, 'model_info');
    return kept;
  }

  private async assertMay(
    manager: EntityManager,
    caller: Caller,
    teamId: string,
    params: JsonObject = {},
  ): Promise<void> {
    if (isAdmin(caller)) return;
    const standing = await this.standings.of(manager, caller);
    const team = teamId ? await this.teams.find(manager, teamId) : null;
    if (!team || !mayManageTeam(standing, ownersOfTeam(team))) throw denied(standing, 'change this model', MANAGERS);
    const reserved = FOR_ADMINS.find((name) => name in params);
    if (reserved !== undefined) throw denied(standing, `change a model with ${reserved}`, 'a proxy admin');
  }

  private async isOfTheirs(manager: EntityManager, standing: Standing, { teamId }: ModelEntity): Promise<boolean> {
    const team = teamId === null ? null : await this.teams.find(manager, teamId);
    return team !== null && maySeeTeam(standing, ownersOfTeam(team));
  }

  private async lock(manager: EntityManager, modelId: string): Promise<ModelEntity> {
    const model = await this.repository.lock(manager, modelId);
    if (!model) throw unknown(modelId);
    return model;
  }

  private shown(model: ModelEntity): StoredModel {
    return toMaskedModel(model, this.documents.tryOpen(model.litellmParams, placeOf.model(model.modelId)));
  }

  private async answer(
    manager: EntityManager,
    caller: Caller,
    deed: Omit<Deed, 'table' | 'after'>,
    model: ModelEntity,
  ): ModelAnswer {
    const after = this.shown(model);
    await this.record(manager, caller, { ...deed, after });
    return { model: after };
  }

  private async record(manager: EntityManager, caller: Caller, deed: Omit<Deed, 'table'>): Promise<void> {
    await this.recorder.record(manager, caller, {
      deeds: [{ ...deed, table: 'model' }],
      changes: [{ kind: 'model', id: deed.id }],
    });
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, meanings: Meanings = {}): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }
}

const unknown = (modelId: string): Error => notFound(`The stored model '${modelId.slice(0, 200)}'`, 'id');

const textIn = (info: JsonObject, name: string): string => {
  const value = info[name];
  return typeof value === 'string' ? value : '';
};

/** What a change may repeat, and may not change. */
const assertSame = (info: JsonObject, name: string, current: string): void => {
  if (info[name] === undefined || info[name] === current) return;
  throw invalidRequest(`model_info.${name} cannot be changed: make another model.`, `model_info.${name}`);
};

/** What has no say in whom a secret is sent to. */
const HARMLESS = new Set(
  'rpm tpm weight order tags timeout stream_timeout num_retries max_parallel_requests temperature max_tokens'.split(
    ' ',
  ),
);

/** Who was never shown a secret must not have it sent to another place. @throws GW_PERMISSION_DENIED */
const assertSecretsStay = (before: JsonObject, after: JsonObject): void => {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const isSame = (name: string): boolean => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  const kept = names.find((name) => isSecretName(name) && isSame(name));
  const moved = names.find((name) => !isSecretName(name) && !HARMLESS.has(name) && !isSame(name));
  if (kept === undefined || moved === undefined) return;
  throw new GatewayError(
    'GW_PERMISSION_DENIED',
    `To change ${moved}, send ${kept} again, too: secrets that somebody else gave stay where they were meant for.`,
    { param: `litellm_params.${kept}` },
  );
};

const assertModelName = (name: string): void => {
  if (name.trim() === '') throw invalidRequest('model_name is missing: the name that clients ask for.', 'model_name');
  assertName(name, 'model_name');
  if (name.split('*').length - 1 > MAX_STARS)
    throw invalidRequest(`model_name has more than ${MAX_STARS} stars.`, 'model_name');
};
