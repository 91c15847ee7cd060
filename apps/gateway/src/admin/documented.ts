// Describes control-plane routes for the OpenAPI document at no cost at start: what is said here is kept as it is, and
// turned into Swagger's own metadata only when somebody asks for the document.
import type { z } from '@turnpike/plugin-sdk';

export interface RouteDescription {
  summary: string;
  tag: string;
  /** Needs an admin key. */
  admin?: boolean;
  /** Query parameters: name → meaning. */
  query?: Readonly<Record<string, string>>;
  /** Shape of the JSON body. */
  body?: z.ZodType;
  /** Shape of the 200 answer. */
  response?: z.ZodType;
  /** Not part of the API: pages and files. */
  hidden?: boolean;
}

interface Documented {
  prototype: object;
  method: string;
  description: RouteDescription;
}

const described: Documented[] = [];

export const Documented =
  (description: RouteDescription): MethodDecorator =>
  (prototype, method) => {
    described.push({ prototype, method: String(method), description });
  };

/** Everything said so far; the caller turns it into the document. */
export const documentedRoutes = (): readonly Documented[] => described;
