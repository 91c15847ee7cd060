// Turns whatever a controller throws into the one error body.
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { GatewayError } from '@turnpike/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Runtime } from '../runtime/runtime.js';
import { sendError } from './error-answer.js';

@Catch()
export class GatewayErrorFilter implements ExceptionFilter {
  constructor(private readonly runtime: Runtime) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (thrown instanceof HttpException && thrown.getStatus() === 503) {
      // A failed health check answers with its own body, which probes and people read.
      void reply.status(503).send(thrown.getResponse());
      return;
    }
    reply.hijack();
    sendError(reply.raw, this.toOurs(thrown, request));
  }

  private toOurs(thrown: unknown, request: FastifyRequest): GatewayError {
    if (!(thrown instanceof HttpException)) return this.runtime.toError(thrown);
    if (thrown.getStatus() === 404) {
      const path = request.url.split('?')[0]?.slice(0, 200);
      return new GatewayError(
        'GW_ROUTE_NOT_FOUND',
        `There is no route ${request.method} ${path}. GET /routes lists them.`,
      );
    }
    return thrown.getStatus() < 500
      ? new GatewayError('GW_INVALID_REQUEST', thrown.message)
      : this.runtime.toError(thrown);
  }
}
