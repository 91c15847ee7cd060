// Stored models: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { StoredModel, UpdateModelRequest } from '@turnpike/rpc';
import { bodyOf, must, optional, required } from './body.js';
import type { Filled } from './fields.js';
import { objectSchema } from './kinds.js';
import { fromAuthorship } from './stored.js';

const params = objectSchema.describe('As in `model_list`; secrets are kept encrypted and told masked');
const info = objectSchema.describe('`id`, `mode`, prices, `team_id` for a model of one team …');
const blocked = z.boolean({ error: must('be true or false') }).nullish();

export const newModelBody = bodyOf({
  model_name: required,
  litellm_params: params,
  model_info: info.nullish(),
  blocked,
});
const changes = {
  model_name: optional,
  litellm_params: params.nullish().describe('What is given is changed; null takes a field away'),
  model_info: info.nullish(),
  blocked,
};
export const modelChangesBody = bodyOf(changes);
export const modelUpdateBody = bodyOf({ ...changes, model_info: z.looseObject({ id: required }) });
export const modelIdBody = bodyOf({ id: required });

export const modelAnswer = z.object({
  model_id: z.string(),
  model_name: z.string(),
  litellm_params: objectSchema,
  model_info: objectSchema,
  blocked: z.boolean(),
  created_at: z.string().nullable(),
  created_by: z.string().nullable(),
  updated_at: z.string().nullable(),
  updated_by: z.string().nullable(),
});

const textIn = (values: Readonly<Record<string, unknown>> | null | undefined, name: string): string => {
  const value = values?.[name];
  return typeof value === 'string' ? value : '';
};

/** @param modelId where the body names none */
export const toNewModel = (body: z.output<typeof newModelBody>, modelId: string): Filled<StoredModel> => ({
  modelId: textIn(body.model_info, 'id') || modelId,
  modelName: body.model_name,
  litellmParams: body.litellm_params,
  modelInfo: body.model_info ?? {},
  teamId: textIn(body.model_info, 'team_id'),
  teamPublicModelName: textIn(body.model_info, 'team_public_model_name'),
  blocked: body.blocked ?? false,
});

export const toModelChanges = (
  body: z.output<typeof modelChangesBody>,
  modelId: string,
): Filled<UpdateModelRequest> & { modelId: string } => ({
  modelId,
  modelName: body.model_name ?? '',
  litellmParams: body.litellm_params ?? {},
  modelInfo: body.model_info ?? {},
});

export const fromModel = (model: StoredModel): JsonObject => ({
  model_id: model.modelId,
  model_name: model.modelName,
  litellm_params: model.litellmParams ?? {},
  model_info: {
    ...model.modelInfo,
    id: model.modelId,
    db_model: true,
    ...(model.teamId && { team_id: model.teamId, team_public_model_name: model.teamPublicModelName }),
  },
  blocked: model.blocked,
  ...fromAuthorship(model.authorship),
});
