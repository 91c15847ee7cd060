// Which addresses this gateway answers, and with which methods.
import type { FastifyInstance } from 'fastify';
import findMyWay from 'find-my-way';
import type { Front } from './front.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The dialect that a route's errors are told in; OpenAI's where none is named. */
    front?: Front;
  }
}

export interface KnownPath {
  /** Sorted. */
  methods: string[];
  front: Front | undefined;
}

export interface RouteLine {
  path: string;
  methods: string[];
}

type Method = Parameters<findMyWay.Instance<findMyWay.HTTPVersion.V1>['find']>[0];

/** How Fastify's own router reads paths: both must know the same ones. */
export type PathOptions = Pick<
  findMyWay.Config<findMyWay.HTTPVersion.V1>,
  'maxParamLength' | 'ignoreTrailingSlash' | 'caseSensitive'
>;

/** Fastify's router tells only whether it has a route for one method; this one is asked about all of them. */
export class KnownRoutes {
  private readonly router: findMyWay.Instance<findMyWay.HTTPVersion.V1>;
  private readonly methodsOf = new Map<string, Set<string>>();
  private readonly allMethods = new Set<string>();

  constructor(options: PathOptions) {
    this.router = findMyWay(options);
  }

  /** Learns of every route that the instance and its scopes get from now on. */
  watch(instance: FastifyInstance): void {
    instance.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat()) this.add(one, url, config?.front);
    });
  }

  /** What a path can be asked, by any of its routes. Undefined: there is no such path. */
  find(path: string): KnownPath | undefined {
    const known: KnownPath = { methods: [], front: undefined };
    for (const method of this.allMethods) {
      const route = this.router.find(method as Method, path);
      if (!route) continue;
      known.methods.push(method);
      known.front ??= route.store as Front | undefined;
    }
    known.methods.sort();
    return known.methods.length === 0 ? undefined : known;
  }

  list(): RouteLine[] {
    return [...this.methodsOf]
      .map(([path, methods]) => ({ path, methods: [...methods].sort() }))
      .sort((a, b) => a.path.localeCompare(b.path));
  }

  private add(method: string, path: string, front: Front | undefined): void {
    // Preflight requests are answered for every path, known or not, where an origin may be another.
    if (method === 'OPTIONS' && path === '*') return;
    const methods = this.methodsOf.get(path) ?? new Set();
    this.methodsOf.set(path, methods);
    if (methods.has(method)) return;
    methods.add(method);
    this.allMethods.add(method);
    this.router.on(method as Method, path, () => undefined, front);
  }
}
