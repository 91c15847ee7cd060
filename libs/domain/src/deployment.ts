// One callable place: provider, model, credentials, region, with everything the configuration says about it.
import type { JsonObject } from './json.js';

export interface Deployment {
  /** `model_info.id`, else a SHA-256 over its canonical form: the same configuration gives the same id. */
  id: string;
  /** The public name it answers to (`model_name`); may hold `*`. */
  modelName: string;
  /** Id of the provider plugin, for instance `provider.openai`. */
  provider: string;
  /** The upstream's name of the model, provider prefix removed; may hold `*` when `modelName` does. */
  model: string;
  /** The provider plugin's own settings (key, base URL, API version …), checked by its schema. Holds secrets. */
  connection: JsonObject;
  /** Request parameters used when the client sets none, in OpenAI's spelling. */
  defaults: JsonObject;
  /** Merged over the request body, in the upstream's spelling. */
  extraBody: JsonObject;
  /** Sent upstream with every call. May hold secrets. */
  headers: Record<string, string>;
  /** Replace unsupported parameters by silence instead of a 400; absent: the global setting. */
  dropParams?: boolean;
  /** Parameters that are always removed, nested paths (`tools[*].function.strict`) too. */
  additionalDropParams: string[];
  /** Parameters passed on even though the provider is known to lack them. */
  allowedParams: string[];
  /** Parameters a client may set although they are the gateway's business, such as `api_base`. */
  clientParams: string[];

  rpm?: number;
  tpm?: number;
  maxParallelRequests?: number;
  weight?: number;
  /** Lower is preferred; absent counts as the highest. */
  order?: number;
  tags: string[];
  tagRegex: string[];
  region?: string;
  timeoutMs?: number;
  /** Time to the first token of a stream. */
  streamTimeoutMs?: number;
  /** Between two pieces of a stream. */
  streamIdleTimeoutMs?: number;
  /** To a connection with it. */
  connectTimeoutMs?: number;
  numRetries?: number;
  cooldownMs?: number;
  maxBudgetUsd?: number;
  budgetDuration?: string;

  /** Price keys as written (`input_cost_per_token` …), in USD; they win over the catalogue. */
  prices: Record<string, number>;
  /** `model_info` as written: mode, base_model, access groups, anything else. */
  info: JsonObject;
  /** Where it was written, for messages: `file:line`, `stored model <id>`. */
  source?: string;
  /** It came by API rather than from the configuration file. */
  isStored?: boolean;
  /** Where it is called was said by API too, so that the address is checked before it is connected to. */
  isGuarded?: boolean;
}
