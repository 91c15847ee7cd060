// What answers and chunks of a stream alike begin with.
import type { ChatResponse, JsonObject } from '@turnpike/domain';

/** Hosts leave out what they please. */
export const fromOpenAiHead = ({ id, model, created }: JsonObject): Pick<ChatResponse, 'id' | 'model' | 'created'> => ({
  id: typeof id === 'string' ? id : '',
  model: typeof model === 'string' ? model : '',
  created: typeof created === 'number' ? created : Math.floor(Date.now() / 1_000),
});

type ChatHead = Pick<ChatResponse, 'id' | 'model' | 'created' | 'systemFingerprint' | 'serviceTier'>;

export const fromOpenAiChatHead = (body: JsonObject): ChatHead => {
  const { system_fingerprint: fingerprint, service_tier: tier } = body;
  return {
    ...fromOpenAiHead(body),
    ...(typeof fingerprint === 'string' ? { systemFingerprint: fingerprint } : {}),
    ...(typeof tier === 'string' ? { serviceTier: tier } : {}),
  };
};
