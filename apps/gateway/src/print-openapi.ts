// Prints the OpenAPI document, for the file in docs/.
import { createLogger } from '@turnpike/telemetry';
import { register } from 'prom-client';
import { OpenApi } from './admin/openapi.js';
import type { Configuration } from './runtime/configuration.js';
import { Runtime } from './runtime/runtime.js';
import { createServer } from './server.js';
import { loadOptions, readBundle, type StartOptions } from './start-options.js';

export const printOpenApi = async (options: StartOptions, configuration: Configuration): Promise<void> => {
  const runtime = await Runtime.start(
    {
      load: loadOptions(options),
      bundle: readBundle(),
      log: createLogger({ level: 'error' }),
      registry: register,
      masterKey: 'sk-not-needed',
    },
    configuration,
  );
  const server = await createServer(runtime, {
    metricsText: () => register.metrics(),
    findCall: () => Promise.resolve(undefined),
    forgetAnswers: () => Promise.resolve(),
  });
  const document = await server.application.get(OpenApi).document();
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  await server.application.close();
  await runtime.stop();
};
