// Which plugins run, and how they are.
import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { Kernel, type PluginReport } from '@turnpike/kernel';
import { AdminGuard } from './admin.guard.js';
import { Documented } from './documented.js';
import { pluginsSchema } from './plugins.schemas.js';

@Controller('plugins')
@UseGuards(AdminGuard)
export class PluginsController {
  constructor(private readonly kernel: Kernel) {}

  @Get()
  @Documented({
    summary: 'Loaded plugins with version, origin, hash, status and health',
    tag: 'plugins',
    admin: true,
    query: { all: '`true`: also the ones that are not in use' },
    response: pluginsSchema,
  })
  async list(@Query('all') all?: string): Promise<{ plugins: PluginReport[] }> {
    return { plugins: await this.kernel.report(all === 'true') };
  }
}
