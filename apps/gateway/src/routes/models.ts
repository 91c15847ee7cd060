// The model list, in OpenAI's shape.
import { GatewayError } from '@turnpike/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendError } from '../filters/error-answer.js';
import type { Principal } from '../pipeline/exchange.js';
import type { Runtime } from '../runtime/runtime.js';

/** LiteLLM answers this date for every model; clients do not read it. */
const CREATED = 1_677_610_602;

interface ListedModel {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
}

const listed = (id: string): ListedModel => ({ id, object: 'model', created: CREATED, owned_by: 'openai' });

/** Names a client may ask for. A wildcard stands for the models that are known of its provider. */
const modelNames = (runtime: Runtime, { terms, teamId }: Principal, keepPatterns: boolean): string[] => {
  const names = new Set<string>();
  for (const { name, isPattern, deployments } of runtime.current.index.names(teamId)) {
    const known = isPattern && !keepPatterns ? runtime.prices.modelsOf(deployments[0]?.provider ?? '') : [];
    if (known.length === 0) names.add(name);
    for (const model of known) names.add(name.replace('*', model));
  }
  return terms ? [...names].filter((name) => terms.models.allows(name)) : [...names];
};

export const modelRoutes = (scope: FastifyInstance, runtime: Runtime): void => {
  const authenticated = async (
    request: FastifyRequest,
    reply: FastifyReply,
    answer: (caller: Principal) => unknown,
  ): Promise<void> => {
    try {
      const caller = await runtime.keys.authenticate(
        request.headers,
        runtime.config.auth,
        '/v1/models',
        request.raw.socket,
      );
      await reply.send(answer(caller));
    } catch (error) {
      reply.hijack();
      sendError(reply.raw, runtime.toError(error));
    }
  };

  const list = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    authenticated(request, reply, (caller) => {
      const { return_wildcard_routes: keep } = request.query as Record<string, string | undefined>;
      return { object: 'list', data: modelNames(runtime, caller, keep === 'true').map(listed) };
    });

  const one = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    authenticated(request, reply, ({ terms, teamId }) => {
      const id = (request.params as { '*': string })['*'];
      if (runtime.current.index.resolve(id, teamId) && (terms?.models.allows(id) ?? true)) return listed(id);
      throw new GatewayError(
        'GW_NOT_FOUND',
        `The model '${id.slice(0, 200)}' does not exist. GET /v1/models lists the names.`,
        { param: 'model' },
      );
    });

  for (const prefix of ['/v1', '']) {
    scope.get(`${prefix}/models`, list);
    scope.get(`${prefix}/models/*`, one);
  }
};
