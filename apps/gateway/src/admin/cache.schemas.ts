// Shapes of the /cache routes, as LiteLLM has them.
import { z } from '@turnpike/plugin-sdk';

export const cachePingSchema = z.object({
  status: z.literal('healthy'),
  cache_type: z.string().describe('`redis`'),
  ping_response: z.boolean(),
  set_cache_response: z.literal('success'),
  litellm_cache_params: z.string().describe('JSON of what every cache shares'),
  health_check_cache_params: z.looseObject({}).describe("The cache's own settings, secrets masked"),
});

export const cacheDeleteSchema = z.object({
  keys: z.array(z.string().min(1).max(8_192)).min(1).max(10_000).describe('As x-litellm-cache-key told them'),
});

export const cacheDoneSchema = z.object({ status: z.literal('success') });

export const redisInfoSchema = z.object({
  num_clients: z.int().min(0),
  clients: z.array(z.looseObject({})),
  info: z.looseObject({}),
});
