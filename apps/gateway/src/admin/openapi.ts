// The one OpenAPI document: data plane from its schemas, control plane from the controllers. Made at the first look.
import { Injectable, type INestApplication } from '@nestjs/common';
import { z } from '@turnpike/plugin-sdk';
import type * as swaggerModule from '@nestjs/swagger';
import { VERSION } from '../version.js';
import { documentedRoutes } from './documented.js';

type Swagger = typeof swaggerModule;

@Injectable()
export class OpenApi {
  /** Handed over once the application stands. */
  application: INestApplication | undefined;
  private made: Promise<Record<string, unknown>> | undefined;

  document(): Promise<Record<string, unknown>> {
    return (this.made ??= this.make());
  }

  private async make(): Promise<Record<string, unknown>> {
    if (!this.application) throw new Error('the application does not stand yet');
    // Loaded here because most gateways are never asked for their description.
    const [swagger, { dataPlanePaths, dataPlaneSchemas }] = await Promise.all([
      import('@nestjs/swagger'),
      import('../routes/openai.schemas.js'),
    ]);
    describeControllers(swagger);
    const options = new swagger.DocumentBuilder()
      .setTitle('Turnpike')
      .setDescription('One OpenAI-compatible address in front of every model provider.')
      .setVersion(VERSION)
      .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
      .addBearerAuth()
      .setOpenAPIVersion('3.1.0')
      .build();
    const document = swagger.SwaggerModule.createDocument(this.application, options);
    return {
      ...document,
      paths: { ...dataPlanePaths(), ...document.paths },
      components: { ...document.components, schemas: { ...dataPlaneSchemas(), ...document.components?.schemas } },
    };
  }
}

const describeControllers = (swagger: Swagger): void => {
  for (const { prototype, method, description } of documentedRoutes()) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
    if (!descriptor) continue;
    const { summary, tag, admin, query, body, response, hidden } = description;
    const decorators: MethodDecorator[] = [
      swagger.ApiTags(tag),
      swagger.ApiOperation({ summary }),
      swagger.ApiOkResponse(response ? { schema: schemaOf(response, 'output') } : {}),
      ...(body ? [swagger.ApiBody({ schema: schemaOf(body, 'input'), required: !body.safeParse({}).success })] : []),
      ...(admin ? [swagger.ApiBearerAuth() as MethodDecorator] : []),
      ...(hidden ? [swagger.ApiExcludeEndpoint()] : []),
      ...Object.entries(query ?? {}).map(([name, meaning]) =>
        swagger.ApiQuery({ name, description: meaning, required: false, type: String }),
      ),
    ];
    for (const decorate of decorators) decorate(prototype, method, descriptor);
  }
};

/** Typed as whatever fits: Swagger does not export its type of a schema. */
const schemaOf = (shape: z.ZodType, io: 'input' | 'output'): never =>
  z.toJSONSchema(shape, { target: 'openapi-3.0', io }) as never;
