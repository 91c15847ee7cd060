/** Answers kept in Redis: one store for all workers and machines. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { Connection } from './connection.js';
import { createResponses } from './responses.js';
import { redisSemantic } from './semantic/plugin.js';
import { targetOf } from './target.js';

export const redis = definePlugin({
  contract: 'cache/v1',
  id: 'cache.redis',
  capabilities: ['responses'],
  needs: ['sockets'],
  config,
  init: (settings, host) => {
    const connection = new Connection({ target: targetOf(settings), commandMs: settings.socket_timeout * 1_000, host });
    return {
      responses: createResponses(connection, settings.namespace),
      start: (signal) => connection.start(signal),
      stop: () => connection.stop(),
      health: () => connection.health(),
    };
  },
});

export default [redis, redisSemantic];
