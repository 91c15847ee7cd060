// Credentials: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { CreateCredentialRequest, Credential, UpdateCredentialRequest } from '@turnpike/rpc';
import { bodyOf, optional, required } from './body.js';
import type { Filled } from './fields.js';
import { objectSchema } from './kinds.js';

const values = objectSchema.describe('`api_key`, `api_base` …; kept encrypted and told masked');
const info = objectSchema.nullish();

export const newCredentialBody = bodyOf({
  credential_name: required,
  credential_values: values.nullish(),
  credential_info: info,
  model_id: optional.describe('Values are taken from this stored model, where none are given'),
});
export const credentialChangesBody = bodyOf({
  credential_name: optional.describe('Another name'),
  credential_values: values.nullish(),
  credential_info: info,
});

export const credentialAnswer = z.object({
  credential_name: z.string(),
  credential_values: objectSchema,
  credential_info: objectSchema,
});
export const doneAnswer = z.object({ success: z.boolean(), message: z.string() });

export const toNewCredential = (
  body: z.output<typeof newCredentialBody>,
): { credential: Filled<Credential>; modelId: CreateCredentialRequest['modelId'] } => ({
  credential: {
    credentialName: body.credential_name,
    credentialValues: body.credential_values ?? undefined,
    credentialInfo: body.credential_info ?? {},
  },
  modelId: body.model_id ?? '',
});

export const toCredentialChanges = (
  body: z.output<typeof credentialChangesBody>,
  name: string,
): Filled<UpdateCredentialRequest> => ({
  credentialName: name,
  credentialValues: body.credential_values ?? {},
  credentialInfo: body.credential_info ?? {},
  newCredentialName: body.credential_name && body.credential_name !== name ? body.credential_name : '',
});

export const fromCredential = ({ credentialName, credentialValues, credentialInfo }: Credential): JsonObject => ({
  credential_name: credentialName,
  credential_values: credentialValues ?? {},
  credential_info: credentialInfo ?? {},
});
