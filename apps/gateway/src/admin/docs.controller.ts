// The API's own description: the document, and a page to read it.
import { Controller, Get, Param, Res } from '@nestjs/common';
import { GatewayError } from '@turnpike/errors';
import type { FastifyReply } from 'fastify';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Documented } from './documented.js';
import { OpenApi } from './openapi.js';

const TYPES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
};

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Turnpike API</title>
<link rel="stylesheet" href="docs/swagger-ui.css"></head><body><div id="ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({ url: 'openapi.json', dom_id: '#ui' });</script></body></html>`;

@Controller()
export class DocsController {
  constructor(private readonly openApi: OpenApi) {}

  @Get('docs')
  @Documented({ summary: 'The API described', tag: 'operations', hidden: true })
  page(@Res() reply: FastifyReply): void {
    void reply.type('text/html; charset=utf-8').send(PAGE);
  }

  /** The page's two files, out of the package that ships them. */
  @Get('docs/:file')
  @Documented({ summary: 'The API described', tag: 'operations', hidden: true })
  asset(@Param('file') file: string, @Res() reply: FastifyReply): void {
    const type = TYPES[file];
    if (!type) throw new GatewayError('GW_ROUTE_NOT_FOUND', 'There is no such file.');
    const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    void reply.type(`${type}; charset=utf-8`).send(readFileSync(join(folder, file)));
  }

  @Get('openapi.json')
  @Documented({ summary: 'The API described', tag: 'operations', hidden: true })
  async document(): Promise<unknown> {
    return this.openApi.document();
  }

  /** Where people look first. */
  @Get()
  @Documented({ summary: 'The API described', tag: 'operations', hidden: true })
  root(@Res() reply: FastifyReply): void {
    void reply.redirect('docs', 302);
  }
}
