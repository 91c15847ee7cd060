// The gateway process. One worker runs by itself; several have a primary that owns them.
import { maskConfig } from '@turnpike/config';
import { redactText } from '@turnpike/telemetry';
import cluster from 'node:cluster';
import { channelToPrimary } from './channel.js';
import { loadOptions, readBundle, readStartOptions } from './start-options.js';
import { readConfiguration } from './runtime/configuration.js';
import { describeFailure } from './start-failure.js';

/** For JSON.stringify: a secret may also stand where nobody expects one, as in the name of an unknown key. */
const redacted = (_name: string, value: unknown): unknown => (typeof value === 'string' ? redactText(value) : value);

const main = async (): Promise<void> => {
  const options = readStartOptions(process.env);
  const configuration = await readConfiguration(readBundle(), loadOptions(options));
  const { config } = configuration;
  switch (options.action) {
    case 'show':
      process.stdout.write(`${JSON.stringify(maskConfig(config), redacted, 2)}\n`);
      return;
    case 'check': {
      const { checkConfig } = await import('./check.js');
      process.exitCode = await checkConfig(options, configuration);
      return;
    }
    case 'openapi': {
      const { printOpenApi } = await import('./print-openapi.js');
      await printOpenApi(options, configuration);
      return;
    }
    case 'serve':
      break;
  }
  const needsPrimary = config.server.numWorkers > 1 || config.server.maxRequestsBeforeRestart > 0;
  if (needsPrimary && cluster.isPrimary) {
    const { Primary } = await import('./primary.js');
    const primary = new Primary(config);
    await primary.join();
    primary.run();
    return;
  }
  const { runWorker } = await import('./worker.js');
  await runWorker(options, configuration, cluster.isWorker ? channelToPrimary() : undefined);
};

/** A crash says why. */
process.on('uncaughtException', (error) => {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exit(1);
});

main().catch((error: unknown) => {
  const message = describeFailure(error);
  const channel = cluster.isWorker ? channelToPrimary() : undefined;
  if (channel) channel.send({ type: 'failed', message });
  else process.stderr.write(`${message}\n`);
  process.exitCode = 1;
  // Half of it may be up: pools, timers and sockets would keep the process.
  setTimeout(() => process.exit(1), 100);
});
