// Applies what a row of the catalogue says of its host. One place for all hosts.
import type { BodyEdits, Call, JsonObject } from '@turnpike/plugin-sdk';
import { Draft } from './draft.js';
import type { EmbeddingQuirks, Quirks } from './host-row.js';
import { adaptMessages } from './quirks.messages.js';
import { adaptParameters, dropAll, refuseAll, rename } from './quirks.parameters.js';
import { adaptReasoningControl } from './quirks.reasoning.js';
import { adaptResponseFormat } from './quirks.response-format.js';
import { adaptLegacyFunctions, adaptToolChoice, adaptTools } from './quirks.tools.js';

/** Edits of the body of one operation; undefined when the client's bytes can stay. @throws GW_UNSUPPORTED_PARAMETER */
export const adaptBody = (
  path: string,
  body: Readonly<JsonObject>,
  call: Call,
  quirks: Quirks,
): BodyEdits | undefined => {
  const draft = new Draft(body);
  if (path === 'embeddings') adaptEmbeddings(draft, call, quirks.embeddings ?? {});
  else if (path === 'chat/completions') adaptChat(draft, call, quirks);
  else adaptParameters(draft, call, quirks);
  if (quirks.streamUsage === 'never' || body['stream'] !== true) draft.drop('stream_options');
  if (quirks.modelPrefix && !call.model.includes('/')) draft.put('model', quirks.modelPrefix + call.model);
  return draft.edits();
};

/** Parameters first, since the later steps read what they leave. */
const adaptChat = (draft: Draft, call: Call, quirks: Quirks): void => {
  if (!quirks.isTransparent) adaptLegacyFunctions(draft);
  adaptParameters(draft, call, quirks);
  if (quirks.toolChoice) adaptToolChoice(draft, call, quirks.toolChoice);
  adaptTools(draft, call, quirks);
  if (quirks.responseFormat) adaptResponseFormat(draft, call, quirks.responseFormat);
  if (quirks.reasoningControl) adaptReasoningControl(draft, call, quirks.reasoningControl);
  adaptMessages(draft, call, quirks);
};

const adaptEmbeddings = (draft: Draft, call: Call, quirks: EmbeddingQuirks): void => {
  dropAll(draft, quirks.ignores ?? []);
  refuseAll(draft, call, quirks.lacks ?? []);
  if (quirks.floatsOnly || (quirks.lacksFloatWord && draft.get('encoding_format') === 'float')) {
    draft.drop('encoding_format');
  }
  rename(draft, quirks.rename ?? {});
};
