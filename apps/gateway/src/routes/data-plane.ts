// The data plane on a bare Fastify scope: bodies stay bytes, and no framework stands between a request and its road.
import { GatewayError } from '@turnpike/errors';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendError } from '../filters/error-answer.js';
import { createPipeline } from '../pipeline/pipeline.js';
import type { Runtime } from '../runtime/runtime.js';
import { modelRoutes } from './models.js';
import { openAiRoutes } from './openai.js';

/** Resolves once the routes stand. Hooks that the control plane adds later do not run for them. */
export const dataPlane = async (instance: FastifyInstance, runtime: Runtime): Promise<void> => {
  const pipeline = createPipeline(runtime);
  runtime.road = pipeline;
  await instance.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: runtime.config.requests.maxBodyBytes },
      (_request: FastifyRequest, body: Buffer, parsed: (error: Error | null, body?: Buffer) => void) =>
        parsed(null, body),
    );
    scope.setErrorHandler((error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      reply.hijack();
      sendError(reply.raw, fromFastify(error, runtime));
    });
    openAiRoutes(scope, runtime, pipeline);
    modelRoutes(scope, runtime);
    done();
  });
};

/** What Fastify refuses by itself, before a route sees it. */
export const fromFastify = (error: FastifyError, runtime: Runtime): GatewayError => {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError(
        'GW_BODY_TOO_LARGE',
        `The body is larger than ${Math.round(runtime.config.requests.maxBodyBytes / 1024 / 1024)} MB. Send less, or raise general_settings.max_request_size_mb.`,
      );
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError(
        'GW_UNSUPPORTED_MEDIA_TYPE',
        "The content type cannot be read. Send 'content-type: application/json'.",
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new GatewayError('GW_INVALID_REQUEST', 'The body is not as long as its content-length says.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new GatewayError('GW_INVALID_REQUEST', 'A name in the address is too long.');
    case 'FST_ERR_BAD_URL':
      return new GatewayError('GW_INVALID_REQUEST', 'The address in the request line cannot be decoded.');
  }
  return (error.statusCode ?? 500) < 500
    ? new GatewayError('GW_INVALID_REQUEST', error.message)
    : runtime.toError(error);
};
