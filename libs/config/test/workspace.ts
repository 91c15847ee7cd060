// A folder with configuration files in it, and the gateway's reading of them.
import type { GatewayError } from '@turnpike/errors';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadOptions } from '../src/config-source.js';
import { loadConfig, type LoadedConfig } from '../src/load.js';
import { manifests } from './manifests.js';

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');

const folders: string[] = [];

/** Removes every folder that `aFolder` made. */
export const removeFolders = (): void => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

/** A new folder with these files: name → text or bytes. */
export const aFolder = (files: Readonly<Record<string, string | Uint8Array>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-config-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
};

type Given = Partial<Omit<LoadOptions, 'cwd'>>;

/** Loads what lies in a new folder with these files. */
export const loadFiles = (files: Readonly<Record<string, string | Uint8Array>>, given: Given = {}): LoadedConfig =>
  loadConfig({ cwd: aFolder(files), env: {}, manifests, ...given });

/** Loads `litellm_config.yaml` with this text; a master key is in the environment, so that no warning speaks of it. */
export const loadYaml = (yaml: string, given: Given = {}): LoadedConfig['config'] =>
  loadFiles({ 'litellm_config.yaml': yaml }, { ...given, env: { LITELLM_MASTER_KEY: 'sk-test-master', ...given.env } })
    .config;

/** Loads a fixture: a YAML file, or a folder that holds the file beside its variables. */
export const loadFixture = (path: string, given: Given = {}): LoadedConfig['config'] =>
  loadConfig({
    cwd: path.endsWith('.yaml') ? FIXTURES : join(FIXTURES, path),
    ...(path.endsWith('.yaml') ? { configFile: path } : {}),
    env: {},
    manifests,
    ...given,
  }).config;

export const fixturePath = (name: string): string => join(FIXTURES, name);

/** The message of the error that `load` throws. */
export const problemOf = (load: () => unknown): string => {
  try {
    load();
  } catch (error) {
    const { code, message } = error as GatewayError;
    if (code === 'GW_CONFIG_INVALID') return message;
    throw error;
  }
  throw new Error('The configuration was accepted.');
};

/** Messages of the warnings of one kind, with their places. */
export const warningsOf = (config: LoadedConfig['config'], kind: string): string[] =>
  config.warnings
    .filter((warning) => warning.kind === kind)
    .map(({ message, where }) => (where === undefined ? message : `${where}: ${message}`));
