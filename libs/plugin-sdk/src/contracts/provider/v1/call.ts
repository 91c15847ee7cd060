import type { JsonObject } from '@turnpike/domain';
import type { ParameterPolicy } from '@turnpike/wire';

/** The facts of one attempt, given to every hook of an operation. Read-only, except what `policy` collects. */
export interface Call {
  /** The upstream's name of the model, provider prefix removed. */
  readonly model: string;
  readonly stream: boolean;
  readonly deploymentId: string;
  /** What to do with parameters that the upstream lacks. */
  readonly policy: ParameterPolicy;
  /** Client headers that are passed on (`anthropic-beta` …), lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** `model_info` of the deployment: `base_model`, `mode` and whatever else its author wrote. */
  readonly info: Readonly<JsonObject>;
}
