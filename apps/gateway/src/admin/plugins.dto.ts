import { ApiProperty } from '@nestjs/swagger';

export class PluginHealthDto {
  @ApiProperty({ enum: ['up', 'degraded', 'down', 'unknown'] })
  status!: string;

  @ApiProperty({ required: false })
  reason?: string;
}

export class PluginDto {
  @ApiProperty({ example: 'provider.openai' })
  id!: string;

  @ApiProperty({ enum: ['provider', 'strategy', 'cache', 'callback', 'guardrail'] })
  kind!: string;

  @ApiProperty({ example: 'provider/v1' })
  contract!: string;

  @ApiProperty({ example: '0.1.0' })
  version!: string;

  @ApiProperty({ enum: ['bundle', 'package', 'path'] })
  origin!: string;

  @ApiProperty({ description: 'Package name or path' })
  from!: string;

  @ApiProperty({ description: '`sha512-…` of the entry file' })
  hash!: string;

  @ApiProperty({ enum: ['available', 'ready', 'started', 'failed', 'stopped'] })
  status!: string;

  @ApiProperty({ description: 'How many settings of it are in use' })
  instances!: number;

  @ApiProperty({ type: PluginHealthDto })
  health!: PluginHealthDto;

  @ApiProperty({ type: [String] })
  capabilities!: string[];
}

export class PluginsDto {
  @ApiProperty({ type: [PluginDto] })
  plugins!: PluginDto[];
}
