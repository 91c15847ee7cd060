// One plugin per way of being broken, for whoever must contain them.
import type { ErrorCode, PluginKind } from '@turnpike/plugin-sdk';
import { fileURLToPath } from 'node:url';

export type BrokenStep = 'find' | 'import' | 'check' | 'config' | 'init' | 'start' | 'hook' | 'stop' | 'health';

export interface BrokenPlugin {
  /** Also the file's name: `slow-start`. */
  readonly name: string;
  /** Absolute path of a file or folder, to be named in a configuration with the settings `{}`. */
  readonly path: string;
  /** Which part of a configuration must name it, so that it is used. */
  readonly kind: PluginKind;
  /** Where it breaks; the steps before succeed. A broken hook is `events.onSuccess`. */
  readonly step: BrokenStep;
  /** The error a host makes of it; undefined where the host bears it: stop and health fail no call and no boot. */
  readonly code: ErrorCode | undefined;
}

const FOLDER = new URL('../fixtures/broken/', import.meta.url);

const broken = (
  name: string,
  step: BrokenStep,
  code?: ErrorCode,
  { kind = 'callback', file = `${name}.js` }: { kind?: PluginKind; file?: string } = {},
): BrokenPlugin => ({ name, path: fileURLToPath(new URL(file, FOLDER)), kind, step, code });

/** In the order of the steps. */
export const brokenPlugins: readonly BrokenPlugin[] = [
  broken('no-such-file', 'find', 'GW_PLUGIN_NOT_FOUND'),
  broken('no-entry', 'find', 'GW_PLUGIN_NOT_FOUND', { file: 'no-entry' }),
  broken('throws-at-import', 'import', 'GW_PLUGIN_INVALID'),
  broken('syntax-error', 'import', 'GW_PLUGIN_INVALID'),
  broken('missing-dependency', 'import', 'GW_PLUGIN_INVALID'),
  broken('no-default-export', 'check', 'GW_PLUGIN_INVALID'),
  broken('not-an-object', 'check', 'GW_PLUGIN_INVALID'),
  broken('wrong-contract', 'check', 'GW_PLUGIN_CONTRACT'),
  broken('bad-id', 'check', 'GW_PLUGIN_INVALID'),
  broken('id-of-another-kind', 'check', 'GW_PLUGIN_INVALID'),
  broken('unknown-capability', 'check', 'GW_PLUGIN_INVALID'),
  broken('no-operations', 'check', 'GW_PLUGIN_INVALID', { kind: 'provider' }),
  broken('config-not-a-schema', 'check', 'GW_PLUGIN_INVALID'),
  broken('config-not-strict', 'check', 'GW_PLUGIN_INVALID'),
  broken('config-refused', 'config', 'GW_PLUGIN_CONFIG'),
  broken('init-throws', 'init', 'GW_PLUGIN_INIT'),
  broken('init-returns-nothing', 'init', 'GW_PLUGIN_INVALID'),
  broken('init-returns-promise', 'init', 'GW_PLUGIN_INVALID'),
  broken('fewer-capabilities', 'init', 'GW_PLUGIN_INVALID', { kind: 'guardrail' }),
  broken('more-capabilities', 'init', 'GW_PLUGIN_INVALID', { kind: 'guardrail' }),
  broken('stop-is-no-function', 'init', 'GW_PLUGIN_INVALID'),
  broken('no-hooks', 'init', 'GW_PLUGIN_INVALID'),
  broken('bare-select', 'init', 'GW_PLUGIN_INVALID', { kind: 'strategy' }),
  broken('operation-without-kind', 'init', 'GW_PLUGIN_INVALID', { kind: 'provider' }),
  broken('operation-without-endpoint', 'init', 'GW_PLUGIN_INVALID', { kind: 'provider' }),
  broken('cache-without-set', 'init', 'GW_PLUGIN_INVALID', { kind: 'cache' }),
  broken('guardrail-without-check', 'init', 'GW_PLUGIN_INVALID', { kind: 'guardrail' }),
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
