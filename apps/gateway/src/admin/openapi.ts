// The one OpenAPI document: data plane from its schemas, control plane from the controllers. Made at the first look.
import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { VERSION } from '../version.js';

/** Handed over once the application stands; a controller cannot inject it. */
export class ApplicationHolder {
  application: INestApplication | undefined;
}

@Injectable()
export class OpenApi {
  private made: Promise<Record<string, unknown>> | undefined;

  constructor(private readonly modules: ModuleRef) {}

  document(): Promise<Record<string, unknown>> {
    return (this.made ??= this.make());
  }

  private async make(): Promise<Record<string, unknown>> {
    const { application } = this.modules.get(ApplicationHolder, { strict: false });
    if (!application) throw new Error('the application does not stand yet');
    // Loaded here because most gateways are never asked for their description.
    const [{ DocumentBuilder, SwaggerModule }, { dataPlanePaths, dataPlaneSchemas }] = await Promise.all([
      import('@nestjs/swagger'),
      import('../routes/openai.schemas.js'),
    ]);
    const options = new DocumentBuilder()
      .setTitle('Turnpike')
      .setDescription('One OpenAI-compatible address in front of every model provider.')
      .setVersion(VERSION)
      .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
      .addBearerAuth()
      .setOpenAPIVersion('3.1.0')
      .build();
    const document = SwaggerModule.createDocument(application, options);
    return {
      ...document,
      paths: { ...dataPlanePaths(), ...document.paths },
      components: { ...document.components, schemas: { ...dataPlaneSchemas(), ...document.components?.schemas } },
    } as Record<string, unknown>;
  }
}
