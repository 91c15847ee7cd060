/** Answers to questions that mean the same: in Redis, or in the memory of the process where there is none. */
import { definePlugin, type PluginHost, type ResponsesV1 } from '@turnpike/plugin-sdk';
import { hasPlace, semanticConfig, type SemanticSettings } from '../config.js';
import { Connection } from '../connection.js';
import { createResponses, prefixed } from '../responses.js';
import { targetOf } from '../target.js';
import { ExactIndex } from './exact-index.js';
import type { QuestionIndex } from './index-of-questions.js';
import { memoryResponses } from './memory-responses.js';
import { QUESTIONS, RedisIndex } from './redis-index.js';
import { createSimilar } from './similar.js';

const MIB = 1_048_576;

export const redisSemantic = definePlugin({
  contract: 'cache/v1',
  id: 'cache.redis-semantic',
  capabilities: ['responses', 'similar'],
  needs: ['embed', 'sockets'],
  config: semanticConfig,
  init: (settings, host) => {
    if (!host.embed) throw new Error('This host makes no embeddings.');
    const { clock, embed } = host;
    const { similarity_threshold: threshold, redis_semantic_cache_embedding_model: model } = settings;
    const { connection, responses, index } = hasPlace(settings) ? inRedis(settings, host) : inMemory(settings, host);
    return {
      responses: { ...responses, flush: () => Promise.all([responses.flush(), index.clear()]).then(() => undefined) },
      similar: createSimilar({ index, embed, clock, model, threshold }),
      start: async (signal) => connection?.start(signal),
      stop: async () => connection?.stop(),
      health: async () => (connection ? connection.health() : { status: 'up' }),
    };
  },
});

interface Parts {
  readonly connection: Connection | undefined;
  readonly responses: ResponsesV1;
  readonly index: QuestionIndex;
}

const inRedis = (settings: SemanticSettings, host: PluginHost): Parts => {
  const connection = new Connection({ target: targetOf(settings), commandMs: settings.socket_timeout * 1_000, host });
  const { namespace, max_questions: maxQuestions } = settings;
  return {
    connection,
    responses: createResponses(connection, namespace, [QUESTIONS]),
    index: new RedisIndex(connection, prefixed(namespace, QUESTIONS), maxQuestions),
  };
};

const inMemory = (
  { max_size_mb: maxMib, max_questions: maxQuestions }: SemanticSettings,
  { clock }: PluginHost,
): Parts => ({
  connection: undefined,
  responses: memoryResponses(Math.floor(maxMib * MIB), clock),
  index: new ExactIndex(maxQuestions),
});
