// Stored models: from rows to messages, secrets masked or in clear.
import { maskTree } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import type { StoredModel } from '@turnpike/rpc';
import type { ModelEntity } from '../schema/entities/model.entity.js';
import { authorshipOf, textOf } from './stored-terms.js';

/** @param params in clear; undefined: they do not open */
export const toClearModel = (model: ModelEntity, params: JsonObject | undefined): StoredModel => ({
  modelId: model.modelId,
  modelName: model.modelName,
  litellmParams: params,
  modelInfo: model.modelInfo,
  teamId: textOf(model.teamId),
  teamPublicModelName: textOf(model.teamPublicModelName),
  blocked: model.blocked,
  authorship: authorshipOf(model),
});

export const toMaskedModel = (model: ModelEntity, params: JsonObject | undefined): StoredModel =>
  toClearModel(model, params && maskTree(params));
