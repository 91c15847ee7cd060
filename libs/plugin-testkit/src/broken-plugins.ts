// One plugin per way of being broken, for whoever must contain them.
import type { ErrorCode } from '@turnpike/plugin-sdk';
import { fileURLToPath } from 'node:url';

export type BrokenStep = 'find' | 'import' | 'check' | 'config' | 'init' | 'start' | 'hook' | 'stop' | 'health';

export interface BrokenPlugin {
  /** Also the file's name: `slow-start`. */
  readonly name: string;
  /** Absolute path of a file or folder, to be named in a configuration with the settings `{}`. */
  readonly path: string;
  /** Where it breaks; the steps before succeed. A broken hook is `events.onSuccess`. */
  readonly step: BrokenStep;
  /** The error a host makes of it; undefined where the host bears it: stop and health fail no call and no boot. */
  readonly code: ErrorCode | undefined;
}

const FOLDER = new URL('../fixtures/broken/', import.meta.url);

const broken = (name: string, step: BrokenStep, code?: ErrorCode, file = `${name}.js`): BrokenPlugin => ({
  name,
  path: fileURLToPath(new URL(file, FOLDER)),
  step,
  code,
});

/** In the order of the steps. */
export const brokenPlugins: readonly BrokenPlugin[] = [
  broken('no-such-file', 'find', 'GW_PLUGIN_NOT_FOUND'),
  broken('no-entry', 'find', 'GW_PLUGIN_NOT_FOUND', 'no-entry'),
  broken('throws-at-import', 'import', 'GW_PLUGIN_INVALID'),
  broken('syntax-error', 'import', 'GW_PLUGIN_INVALID'),
  broken('missing-dependency', 'import', 'GW_PLUGIN_INVALID'),
  broken('no-default-export', 'check', 'GW_PLUGIN_INVALID'),
  broken('not-an-object', 'check', 'GW_PLUGIN_INVALID'),
  broken('wrong-contract', 'check', 'GW_PLUGIN_CONTRACT'),
  broken('bad-id', 'check', 'GW_PLUGIN_INVALID'),
  broken('id-of-another-kind', 'check', 'GW_PLUGIN_INVALID'),
  broken('unknown-capability', 'check', 'GW_PLUGIN_INVALID'),
  broken('config-not-a-schema', 'check', 'GW_PLUGIN_INVALID'),
  broken('config-not-strict', 'check', 'GW_PLUGIN_INVALID'),
  broken('config-refused', 'config', 'GW_PLUGIN_CONFIG'),
  broken('init-throws', 'init', 'GW_PLUGIN_INIT'),
  broken('init-returns-nothing', 'init', 'GW_PLUGIN_INIT'),
  broken('init-returns-promise', 'init', 'GW_PLUGIN_INIT'),
  broken('fewer-capabilities', 'init', 'GW_PLUGIN_INIT'),
  broken('more-capabilities', 'init', 'GW_PLUGIN_INIT'),
  broken('slow-start', 'start', 'GW_PLUGIN_START'),
  broken('start-throws', 'start', 'GW_PLUGIN_START'),
  broken('hook-throws', 'hook', 'GW_PLUGIN_HOOK'),
  broken('hook-rejects', 'hook', 'GW_PLUGIN_HOOK'),
  broken('hook-hangs', 'hook', 'GW_PLUGIN_HOOK'),
  broken('stop-throws', 'stop'),
  broken('stop-hangs', 'stop'),
  broken('health-throws', 'health'),
  broken('health-hangs', 'health'),
];
