// Shape of GET /plugins.
import { z } from '@turnpike/plugin-sdk';

export const pluginsSchema = z.object({
  plugins: z.array(
    z.object({
      id: z.string().describe('`<kind>.<name>`'),
      kind: z.enum(['provider', 'strategy', 'cache', 'callback', 'guardrail']),
      contract: z.string().describe('`provider/v1`'),
      version: z.string(),
      origin: z.enum(['bundle', 'package', 'path']),
      from: z.string().describe('Package name or path'),
      hash: z.string().describe('`sha512-…` of the entry file'),
      status: z.enum(['available', 'ready', 'started', 'failed', 'stopped']),
      instances: z.int().describe('How many settings of it are in use'),
      health: z.object({ status: z.enum(['up', 'degraded', 'down', 'unknown']), reason: z.string().optional() }),
      capabilities: z.array(z.string()),
    }),
  ),
});
