// A path that exists, asked with a method that it does not have.
import { GatewayError } from '@turnpike/errors';
import type { FastifyInstance } from 'fastify';
import { sendError } from '../filters/error-answer.js';
import type { KnownRoutes } from './known-routes.js';

/**
 * OPTIONS tells what a path takes; any other such method is a 405. Decided before the body is read: what it holds no
 * longer matters. Routes that stand already do not run this.
 */
export const answerOtherMethods = (instance: FastifyInstance, routes: KnownRoutes): void => {
  instance.addHook('onRequest', (request, reply, done) => {
    const known = request.is404 ? routes.find(request.url) : undefined;
    if (!known) {
      done();
      return;
    }
    reply.hijack();
    const own = known.methods.join(', ');
    const allow = `${own}, OPTIONS`;
    if (request.method === 'OPTIONS') {
      reply.raw.writeHead(204, ['allow', allow]).end();
      return;
    }
    const path = request.url.split('?')[0]?.slice(0, 200);
    const error = new GatewayError('GW_METHOD_NOT_ALLOWED', `${path} takes ${own}, not ${request.method}.`);
    sendError(reply.raw, error, known.front, ['allow', allow]);
  });
};
