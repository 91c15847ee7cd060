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
  logit_bias: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
  metadata: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
  service_tier: (value) => value === 'auto' || value === 'default',
  store: (value) => value === false,
  verbosity: (value) => value === 'medium',
};

export const isHarmlessDefault = (name: string, value: unknown): boolean =>
  value === null || value === undefined || (HARMLESS[name]?.(value) ?? false);
