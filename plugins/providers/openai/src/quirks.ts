// What OpenAI's API and its models refuse, as edits of the body.
import {
  foreignFieldEdits,
  mergeEdits,
  reasoningModelEdits,
  type BodyEdits,
  type Call,
  type JsonObject,
} from '@turnpike/plugin-sdk';

/** `base_model` tells what a renamed model is; a fine-tune is `ft:<model>:<organisation>::<id>`. */
const modelOf = (call: Call): string => {
  const { base_model: base } = call.info;
  return typeof base === 'string' ? base.replace(/^.*\//, '') : call.model.replace(/^ft:/, '');
};

/** `isOpenAi`: the host is OpenAI itself, which answers 400 to fields it does not know. */
export const adaptChat =
  (isOpenAi: boolean) =>
  (body: Readonly<JsonObject>, call: Call): BodyEdits | undefined =>
    mergeEdits(
      isOpenAi ? foreignFieldEdits(body, call.policy) : undefined,
      reasoningModelEdits(body, modelOf(call), call.policy),
    );
