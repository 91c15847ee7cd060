// `turnpike config …`
import { importBlueprint } from '@turnpike/config';
import type { JsonValue, PluginManifest } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { readFileSync, writeFileSync } from 'node:fs';
import { runToEnd } from './child.js';
import { startGateway } from './gateway-process.js';
import type { ServeFlags } from './serve.js';

export const checkConfig = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  process.exitCode = await runToEnd(startGateway({ configFile: config, flags, action: 'check' }));
};

export const showConfig = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  process.exitCode = await runToEnd(startGateway({ configFile: config, flags, action: 'show' }));
};

const readJson = (file: string): JsonValue => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `${file} cannot be read.`, { cause });
  }
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `${file} is not JSON: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
};

const bundledManifests = (): PluginManifest[] => {
  const file = process.env['TURNPIKE_BUNDLE'] ?? new URL('../../../../deploy/bundles/standard.json', import.meta.url);
  const bundle = JSON.parse(readFileSync(file, 'utf8')) as { plugins: { manifests: PluginManifest[] }[] };
  return bundle.plugins.flatMap(({ manifests }) => manifests);
};

export const importConfig = (blueprint: string, { output }: { output?: string }): void => {
  const yaml = importBlueprint(readJson(blueprint), { manifests: bundledManifests() });
  if (output === undefined) process.stdout.write(yaml);
  else writeFileSync(output, yaml, { flag: 'wx' });
};
