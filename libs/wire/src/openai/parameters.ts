// The names OpenAI's own API gives to request fields, so that bricks can tell "known but unsupported" from "unknown".

/** Chat fields of OpenAI's that ChatRequest does not model; they travel in `extras`. */
export const OPENAI_CHAT_EXTRAS: ReadonlySet<string> = new Set([
  'audio',
  'function_call',
  'functions',
  'logit_bias',
  'metadata',
  'modalities',
  'moderation',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'verbosity',
  'web_search_options',
]);

/** Values that mean "nothing special", so a client that sends them asks for nothing an upstream could lack. */
const HARMLESS: Readonly<Record<string, (value: unknown) => boolean>> = {
  best_of: (value) => value === 1,
  frequency_penalty: (value) => value === 0,
  function_call: (value) => value === 'auto',
  logit_bias: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
  logprobs: (value) => value === false,
  metadata: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
  n: (value) => value === 1,
  parallel_tool_calls: (value) => value === true,
  presence_penalty: (value) => value === 0,
  response_format: (value) => (value as { type?: unknown } | null)?.type === 'text',
  service_tier: (value) => value === 'auto' || value === 'default',
  stop: (value) => Array.isArray(value) && value.length === 0,
  store: (value) => value === false,
  tool_choice: (value) => value === 'auto',
  tools: (value) => Array.isArray(value) && value.length === 0,
  top_logprobs: (value) => value === 0,
  top_p: (value) => value === 1,
  verbosity: (value) => value === 'medium',
};

/** `name` comes from clients: `constructor` is no parameter. */
export const isHarmlessDefault = (name: string, value: unknown): boolean =>
  value === null || value === undefined || (Object.hasOwn(HARMLESS, name) && HARMLESS[name]!(value));
