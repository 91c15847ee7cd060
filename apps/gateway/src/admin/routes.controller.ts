// What addresses this gateway answers.
import { Controller, Get } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Documented } from './documented.js';

interface RouteLine {
  path: string;
  methods: string[];
}

@Controller()
export class RoutesController {
  constructor(private readonly host: HttpAdapterHost) {}

  @Get('routes')
  @Documented({ summary: 'Every route with its methods', tag: 'operations' })
  routes(): { routes: RouteLine[] } {
    const instance = this.host.httpAdapter.getInstance<FastifyInstance>();
    return { routes: readRoutes(instance.printRoutes({ commonPrefix: false })) };
  }
}

/** Fastify prints a tree whose lines read `├── /path (GET, HEAD)`, children indented by four. */
const readRoutes = (tree: string): RouteLine[] => {
  const prefixes: string[] = [];
  const routes = new Map<string, Set<string>>();
  for (const line of tree.split('\n')) {
    const match = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (!match) continue;
    const depth = match[1]!.length / 4;
    const path = (depth === 0 ? '' : (prefixes[depth - 1] ?? '')) + match[2]!;
    prefixes[depth] = path;
    if (match[3]) routes.set(path, new Set([...(routes.get(path) ?? []), ...match[3].split(', ')]));
  }
  return [...routes]
    .map(([path, methods]) => ({ path, methods: [...methods].sort() }))
    .sort((a, b) => a.path.localeCompare(b.path));
};
