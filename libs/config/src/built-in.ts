// The configuration without a file: an echo to try things on, and every provider whose key is at hand.
import type { JsonObject } from '@turnpike/domain';
import { providersWithKeys } from './deployments.js';
import type { Environment } from './environment.js';
import type { Manifests } from './manifests.js';

const ECHO = 'echo';

/** Parameters that the command line gives for its one model. */
export interface CommandLineModel {
  readonly model: string;
  readonly alias?: string;
  readonly params: JsonObject;
}

/** The tree of a file that says the same. */
export const builtInConfig = (
  manifests: Manifests,
  environment: Environment,
  commandLine: CommandLineModel | undefined,
): JsonObject => {
  if (commandLine) {
    const { model, alias, params } = commandLine;
    return { model_list: [{ model_name: alias ?? model, litellm_params: { model, ...params } }] };
  }
  const echo = manifests.recognise(ECHO) ? [{ model_name: ECHO, litellm_params: { model: ECHO } }] : [];
  const wildcards = providersWithKeys(manifests, environment).map(({ prefixes }) => ({
    model_name: `${prefixes[0]}*`,
    litellm_params: { model: `${prefixes[0]}*` },
  }));
  return { model_list: [...echo, ...wildcards] };
};
