// `guardrails`: what may stop or change a call. Nothing about them is forgiven: one that is not run protects nobody.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { GuardrailSettings } from './canonical.js';
import type { Diagnostics } from './diagnostics.js';
import type { Manifests } from './manifests.js';
import { placeText, type Places } from './places.js';
import type { SectionTrees } from './settings.js';
import { readValue } from './value-types.js';

const MODES = ['pre_call', 'during_call', 'post_call', 'logging_only', 'pre_mcp_call', 'during_mcp_call'];

export interface GuardrailContext {
  readonly trees: SectionTrees;
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
  const { guardrail, mode, default_on: defaultOn, ...settings } = params;
  const modes = readModes(mode);
  if (modes.length === 0 || modes.some((known) => !MODES.includes(known))) {
    diagnostics.fail(`The mode of guardrail '${name}' must be one of ${MODES.join(', ')}, or a list of them.`, where);
  }
  const isOn = defaultOn === undefined || defaultOn === null ? false : readValue('switch', defaultOn);
  if (isOn === undefined) diagnostics.fail(`default_on of guardrail '${name}' must be true or false.`, where);
  return {
    name,
    plugin: manifests.find('guardrail', guardrail)?.id ?? `guardrail.${guardrail}`,
    modes,
    defaultOn: isOn ?? true,
    settings,
  };
};

/** A mode by tag counts for every request: a guardrail too many is safer than one too few. */
const readModes = (mode: JsonValue | undefined): string[] => {
  if (typeof mode === 'string') return [mode];
  if (Array.isArray(mode)) return [...new Set(mode.flatMap(readModes))];
  if (!isJsonObject(mode)) return [];
  const byTag = isJsonObject(mode['tags']) ? Object.values(mode['tags']) : [];
  return [...new Set([mode['default'], ...byTag].flatMap(readModes))];
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
