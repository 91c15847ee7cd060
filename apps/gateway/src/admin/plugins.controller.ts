// Which plugins run, and how they are.
import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Kernel, type PluginReport } from '@turnpike/kernel';
import { AdminGuard } from './admin.guard.js';
import { PluginsDto } from './plugins.dto.js';

@ApiTags('plugins')
@ApiBearerAuth()
@Controller('plugins')
@UseGuards(AdminGuard)
export class PluginsController {
  constructor(private readonly kernel: Kernel) {}

  @Get()
  @ApiOperation({ summary: 'Loaded plugins with version, origin, hash, status and health' })
  @ApiQuery({ name: 'all', required: false, description: '`true`: also the ones that are not in use' })
  @ApiOkResponse({ type: PluginsDto })
  async list(@Query('all') all?: string): Promise<{ plugins: PluginReport[] }> {
    return { plugins: await this.kernel.report(all === 'true') };
  }
}
