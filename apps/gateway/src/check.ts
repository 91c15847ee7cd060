// `config check`: everything a start would do, short of listening.
import { formatWarnings } from '@turnpike/config';
import { isGatewayError } from '@turnpike/errors';
import { createLogger, redactText } from '@turnpike/telemetry';
import { Registry } from 'prom-client';
import type { Configuration } from './runtime/configuration.js';
import { Runtime } from './runtime/runtime.js';
import { startFailure } from './start-failure.js';
import { ledgerOf, loadOptions, readBundle, type StartOptions } from './start-options.js';

/** Plugins are loaded and started as well, so that what passes here also boots. @returns the exit code */
export const checkConfig = async (options: StartOptions, configuration: Configuration): Promise<number> => {
  const say = (text: string): void => void process.stdout.write(`${redactText(text)}\n`);
  const { config } = configuration;
  let runtime: Runtime;
  try {
    // Its files are read, and nobody is asked.
    ledgerOf(options, config);
    runtime = await Runtime.start(
      {
        load: loadOptions(options),
        bundle: readBundle(),
        log: createLogger({ level: 'error' }),
        registry: new Registry(),
        masterKey: config.auth.masterKey ?? 'sk-not-needed-for-a-check',
      },
      configuration,
    );
  } catch (error) {
    say(`error: ${isGatewayError(error) ? startFailure(error) : String(error)}`);
    return 1;
  }
  for (const warning of formatWarnings(config, { withMovedKeys: true })) say(`warning: ${warning}`);
  for (const what of runtime.off) say(`off: ${what}`);
  say(
    `ok: ${config.deployments.length} deployments, ${runtime.current.index.names().length} model names, ${runtime.current.graph.all().length} plugin instances.`,
  );
  await runtime.stop();
  return 0;
};
