// The first thing an operator reads.
import { formatWarnings, type MasterKey } from '@turnpike/config';
import { redactText } from '@turnpike/telemetry';
import { relative } from 'node:path';
import type { Runtime } from './runtime/runtime.js';
import { VERSION } from './version.js';

const MAX_LISTED = 12;

const list = (names: readonly string[]): string =>
  names.length > MAX_LISTED
    ? `${names.slice(0, MAX_LISTED).join(', ')} … and ${names.length - MAX_LISTED} more`
    : names.join(', ') || 'none';

/** @param port the one it listens on, which need not be the one that was asked for */
export const startPage = (runtime: Runtime, masterKey: MasterKey, port: number): string => {
  const { config, current } = runtime;
  const { server, source } = config;
  const host = server.host === '0.0.0.0' || server.host === '::' ? 'localhost' : server.host;
  const address = `http://${host}:${port}${server.rootPath}`;
  const models = current.index.names().map(({ name }) => name);
  const plugins = [...new Set(current.graph.all().map(({ id }) => id))].sort();

  const lines = [
    '',
    `  Turnpike ${VERSION}  ${address}${server.numWorkers > 1 ? `  (${server.numWorkers} workers)` : ''}`,
    '',
  ];
  const put = (label: string, text: string): void => void lines.push(`  ${label.padEnd(9)}${text}`);
  put(
    'config',
    source.files.length > 0 ? source.files.map((file) => relative('', file) || file).join(', ') : builtIn(source.kind),
  );
  put('models', list(models));
  put('plugins', list(plugins));
  put('key', keyLine(runtime, masterKey));
  put('docs', `${address}/docs   health ${address}/health/readiness   metrics ${address}/metrics`);
  const example = models.find((name) => !name.includes('*')) ?? models[0]?.replace('*', '<model>');
  if (example !== undefined)
    lines.push('', '  Try it:', '', ...curl(address, example, runtime, masterKey).map((line) => `    ${line}`));
  lines.push('');

  const warnings = [...formatWarnings(config), ...runtime.off];
  if (warnings.length > 0)
    lines.push(
      `  ${warnings.length === 1 ? 'One thing' : `${warnings.length} things`} to know:`,
      ...warnings.map((text) => `    ! ${redactText(text)}`),
      '',
    );
  return `${lines.join('\n')}\n`;
};

const builtIn = (kind: string): string =>
  kind === 'env'
    ? 'from .env.litellm'
    : 'none found, so the built-in one (write ./litellm_config.yaml, or use --config)';

const keyLine = (runtime: Runtime, { file, key, isNew }: MasterKey): string => {
  if (runtime.config.auth.isOpen)
    return `open: every caller may use the models; management routes need the key in ${file ?? 'the configuration'}`;
  if (file === undefined) return 'the configured master key';
  // A generated key is shown to a person, never to a log file.
  const shown = process.stdout.isTTY ? key : `in ${relative('', file)}`;
  return isNew ? `${shown}  (made just now, kept in ${relative('', file)})` : shown;
};

const curl = (address: string, model: string, runtime: Runtime, { file }: MasterKey): string[] => {
  const key = file === undefined ? '$LITELLM_MASTER_KEY' : `$(cat ${relative('', file)})`;
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'Hello!' }],
  });
  return [
    `curl ${address}/v1/chat/completions \\`,
    ...(runtime.config.auth.isOpen ? [] : [`  -H "Authorization: Bearer ${key}" \\`]),
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${body}'`,
  ];
};
