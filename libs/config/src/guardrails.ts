// `guardrails`: what may stop or change a call. Nothing about them is forgiven: one that is not run protects nobody.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { GuardrailModes, GuardrailSettings } from './canonical.js';
import { completeConnection } from './connections.js';
import type { Diagnostics } from './diagnostics.js';
import type { Environment } from './environment.js';
import type { Manifests } from './manifests.js';
import { placeText, type Places } from './places.js';
import type { SectionTrees } from './settings.js';
import { readValue } from './value-types.js';

const MODES = ['pre_call', 'during_call', 'post_call', 'logging_only', 'pre_mcp_call', 'during_mcp_call'];

export interface GuardrailContext {
  readonly trees: SectionTrees;
  readonly environment: Environment;
  readonly manifests: Manifests;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

export const readGuardrails = (context: GuardrailContext): GuardrailSettings[] => {
  const { trees, places, diagnostics } = context;
  for (const section of ['litellm', 'general', 'router'] as const) {
    if (trees[section]['guardrails'] === undefined) continue;
    const where = places.text(trees[section], 'guardrails');
    diagnostics.fail('guardrails must stand at the top level of the file; here they would not be run.', where);
  }
  const written = trees.top['guardrails'];
  if (written === undefined || written === null) return [];
  if (!Array.isArray(written)) {
    diagnostics.fail('guardrails must be a list.', places.text(trees.top, 'guardrails'));
    return [];
  }
  return written.flatMap((item, index) => readGuardrail(item, places.text(written, index), context) ?? []);
};

const readGuardrail = (
  item: JsonValue,
  where: string | undefined,
  context: GuardrailContext,
): GuardrailSettings | undefined => {
  const { manifests, diagnostics } = context;
  const params = isJsonObject(item) ? item['litellm_params'] : undefined;
  const name = isJsonObject(item) ? item['guardrail_name'] : undefined;
  if (typeof name !== 'string' || !isJsonObject(params) || typeof params['guardrail'] !== 'string') {
    diagnostics.fail('A guardrail needs guardrail_name, and litellm_params with guardrail and mode.', where);
    return undefined;
  }
  refuseUnset(name, item as JsonObject, context);
  const refuse = (problem: string): void => diagnostics.fail(problem, where);
  const { guardrail, mode, default_on: defaultOn, fail_on_error, unreachable_fallback, timeout, ...settings } = params;
  const modes = readModes(mode);
  const known = modes && [...modes.default, ...Object.values(modes.byTag).flat()];
  if (!known || known.length === 0 || known.some((one) => !MODES.includes(one)))
    refuse(`The mode of guardrail '${name}' must be one of ${MODES.join(', ')}, or a list of them.`);
  const isOn = readSwitch(defaultOn, false);
  if (isOn === undefined) refuse(`default_on of guardrail '${name}' must be true or false.`);
  const info = (item as JsonObject)['guardrail_info'] ?? undefined;
  if (info !== undefined && !isJsonObject(info)) refuse(`guardrail_info of guardrail '${name}' must be a map.`);
  const manifest = manifests.find('guardrail', guardrail);
  return {
    name,
    plugin: manifest?.id ?? `guardrail.${guardrail}`,
    kind: guardrail,
    modes: modes ?? { default: [], byTag: {} },
    defaultOn: isOn ?? true,
    onFailure: readFailure(name, fail_on_error, unreachable_fallback, refuse),
    timeoutMs: readTimeout(name, timeout, refuse),
    info: isJsonObject(info) ? info : undefined,
    settings: manifest ? completeConnection(settings, new Map(), manifest, context.environment) : settings,
  };
};

const readSwitch = (value: JsonValue | undefined, byDefault: boolean): boolean | undefined =>
  value === undefined || value === null ? byDefault : readValue('switch', value);

/** `fail_on_error` is about every failure, `unreachable_fallback` about services that are away. */
const readFailure = (
  name: string,
  failOnError: JsonValue | undefined,
  fallback: JsonValue | undefined,
  refuse: (problem: string) => void,
): GuardrailSettings['onFailure'] => {
  const isClosed = readSwitch(failOnError, true);
  if (isClosed === undefined) refuse(`fail_on_error of guardrail '${name}' must be true or false.`);
  const when = typeof fallback === 'string' ? fallback.toLowerCase() : (fallback ?? undefined);
  if (when !== undefined && when !== 'fail_closed' && when !== 'fail_open')
    refuse(`unreachable_fallback of guardrail '${name}' must be fail_closed or fail_open.`);
  if (isClosed === false) return 'open';
  if (when === 'fail_open') return 'open-when-unreachable';
  return when === undefined && (failOnError ?? undefined) === undefined ? undefined : 'closed';
};

/** Whoever waits longer than this for a guardrail has left. */
const MOST_SECONDS = 600;

const readTimeout = (
  name: string,
  timeout: JsonValue | undefined,
  refuse: (problem: string) => void,
): number | undefined => {
  if (timeout === undefined || timeout === null) return undefined;
  const seconds = readValue('number', timeout);
  if (seconds !== undefined && seconds > 0 && seconds <= MOST_SECONDS) return seconds * 1_000;
  refuse(`timeout of guardrail '${name}' must be a number of seconds, ${MOST_SECONDS} at most.`);
  return undefined;
};

/** A mode, a list of modes, or `{default, tags: {tag: mode}}`. Undefined: none of them. */
const readModes = (mode: JsonValue | undefined): GuardrailModes | undefined => {
  if (!isJsonObject(mode)) {
    const modes = modesOf(mode);
    return modes && { default: modes, byTag: {} };
  }
  const { default: usual, tags } = mode;
  const byTag = Object.entries(isJsonObject(tags) ? tags : {}).map(([tag, one]) => [tag, modesOf(one)] as const);
  const otherwise = usual === undefined || usual === null ? [] : modesOf(usual);
  return otherwise && byTag.every((entry): entry is [string, string[]] => entry[1] !== undefined)
    ? { default: otherwise, byTag: Object.fromEntries(byTag) }
    : undefined;
};

const modesOf = (mode: JsonValue | undefined): string[] | undefined => {
  const list = Array.isArray(mode) ? mode : [mode];
  return list.every((one) => typeof one === 'string') ? [...new Set(list.map((one) => one.toLowerCase()))] : undefined;
};

const refuseUnset = (name: string, tree: JsonObject | JsonValue[], { places, diagnostics }: GuardrailContext): void => {
  const visit = (container: JsonObject | JsonValue[]): void => {
    for (const [, place] of places.unset(container)) {
      const how = place.state === 'missing' ? 'is not set' : 'is empty';
      diagnostics.fail(`Guardrail '${name}' needs the variable ${place.variable}, which ${how}.`, placeText(place));
    }
    for (const value of Object.values(container)) {
      if (isJsonObject(value) || Array.isArray(value)) visit(value);
    }
  };
  visit(tree);
};
