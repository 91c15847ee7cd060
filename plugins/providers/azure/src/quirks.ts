// What Azure wants changed in a body.
import {
  foreignFieldEdits,
  mergeEdits,
  reasoningModelEdits,
  type BodyEdits,
  type Call,
  type JsonObject,
} from '@turnpike/plugin-sdk';
import type { AzureConfig } from './config.js';
import { deploymentOf, isVersionless } from './endpoint.js';

/** The first version that takes `stream_options`; older ones answer 400. */
const FIRST_WITH_STREAM_OPTIONS = '2024-09-01';

/** A deployment may be called anything: what it is, `base_model` says, or a family in front of its name. */
const modelOf = (settings: AzureConfig, call: Call): string => {
  const { base_model: base } = call.info;
  if (typeof base === 'string') return base.replace(/^.*\//, '');
  if (call.model.startsWith('o_series/')) return 'o3';
  if (call.model.startsWith('gpt5_series/')) return 'gpt-5';
  return deploymentOf(settings, call.model);
};

export const adaptBody = (
  settings: AzureConfig,
  path: string,
  body: Readonly<JsonObject>,
  call: Call,
): BodyEdits | undefined => {
  const isDated = !isVersionless(settings);
  const tooOld = isDated && settings.api_version.slice(0, 10) < FIRST_WITH_STREAM_OPTIONS;
  const deployment = deploymentOf(settings, call.model);
  const isChat = path === 'chat/completions';
  return mergeEdits(
    body['model'] === deployment ? undefined : { set: { model: deployment }, remove: [] },
    tooOld && body['stream_options'] !== undefined ? { set: {}, remove: ['stream_options'] } : undefined,
    isChat ? foreignFieldEdits(body, call.policy) : undefined,
    isChat ? reasoningModelEdits(body, modelOf(settings, call), call.policy) : undefined,
  );
};
