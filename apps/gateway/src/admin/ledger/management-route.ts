// A route of the management API in one decorator: method, path, status, and what the OpenAPI document says of it.
import { applyDecorators, HttpCode, RequestMapping, RequestMethod } from '@nestjs/common';
import type { z } from '@turnpike/plugin-sdk';
import { Documented } from '../documented.js';

export interface RouteWords {
  summary: string;
  body?: z.ZodType;
  query?: z.ZodObject;
  /** Shape of the answer. */
  answer?: z.ZodType;
  /** 200 without it. */
  status?: number;
}

type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** @param tag heading in the document */
export const managementRoutes =
  (tag: string) =>
  (verb: Verb, path: string | string[], { summary, body, query, answer, status = 200 }: RouteWords): MethodDecorator =>
    applyDecorators(
      RequestMapping({ path, method: RequestMethod[verb] }),
      HttpCode(status),
      Documented({ tag, summary, admin: true, body, query: query && meaningsOf(query), response: answer }),
    );

const meaningsOf = ({ shape }: z.ZodObject): Record<string, string> =>
  Object.fromEntries(Object.entries(shape).map(([name, one]) => [name, (one as z.ZodType).description ?? '']));
