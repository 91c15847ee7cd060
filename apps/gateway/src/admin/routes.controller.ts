// What addresses this gateway answers.
import { Controller, Get } from '@nestjs/common';
import { KnownRoutes, type RouteLine } from '../routes/known-routes.js';
import { Documented } from './documented.js';

@Controller()
export class RoutesController {
  constructor(private readonly known: KnownRoutes) {}

  @Get('routes')
  @Documented({ summary: 'Every route with its methods', tag: 'operations' })
  routes(): { routes: RouteLine[] } {
    return { routes: this.known.list() };
  }
}
