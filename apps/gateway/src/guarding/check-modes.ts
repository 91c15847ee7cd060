// Whether a guardrail can run as it is configured. One that is not run protects nobody, so it stops the start.
import type { GuardrailSettings } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import type { PluginInstance } from '@turnpike/kernel';
import type { GuardrailV1 } from '@turnpike/plugin-sdk';

/** Modes that are run, and of what a plugin must have one for them. */
const NEEDED: Readonly<Record<string, readonly (keyof GuardrailV1)[]>> = {
  pre_call: ['preCall'],
  during_call: ['duringCall'],
  post_call: ['postCall'],
  logging_only: ['preCall', 'postCall'],
};

/** @throws GW_CONFIG_INVALID */
export const checkModes = (
  { name, plugin, modes }: GuardrailSettings,
  { exports }: PluginInstance<'guardrail/v1'>,
): void => {
  const isAble = (mode: string): boolean =>
    Object.hasOwn(NEEDED, mode) && NEEDED[mode]!.some((capability) => exports[capability] !== undefined);
  for (const mode of new Set([...modes.default, ...Object.values(modes.byTag).flat()])) {
    if (isAble(mode)) continue;
    const why = Object.hasOwn(NEEDED, mode) ? `${plugin} does not check there` : 'this version does not run it';
    const offered = Object.keys(NEEDED).filter(isAble);
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      `The guardrail '${name}' cannot run in the mode ${mode}: ${why}. Take ${offered.join(' or ')}.`,
    );
  }
};
