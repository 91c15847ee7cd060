// What models can do and how much fits into them.
import type { JsonObject } from '@turnpike/domain';

export interface ModelFacts {
  /** Tokens that fit in a prompt. */
  maxInputTokens?: number;
  maxOutputTokens?: number;
  /** `vision`, `tools`, `reasoning`, `json_schema` …: see `supportsKeyOf`. */
  capabilities: ReadonlySet<string>;
  /** `chat`, `embedding`, `image_generation` …, in LiteLLM's words. */
  mode?: string;
}

/** What one source states; a capability that it denies is not the same as one it does not mention. */
export interface StatedFacts extends Omit<ModelFacts, 'capabilities'> {
  capabilities: ReadonlyMap<string, boolean>;
}

const SUPPORTS = 'supports_';
/** Capabilities that go by a shorter name than LiteLLM's key. */
const RENAMED: Readonly<Record<string, string>> = {
  function_calling: 'tools',
  parallel_function_calling: 'parallel_tools',
  response_schema: 'json_schema',
};
const KEY_NAMES = new Map(Object.entries(RENAMED).map(([key, capability]) => [capability, key]));

/** `tools` → `supports_function_calling`, `vision` → `supports_vision`: the key that says so in model information. */
export const supportsKeyOf = (capability: string): string => SUPPORTS + (KEY_NAMES.get(capability) ?? capability);

const readCount = (...values: unknown[]): number | undefined =>
  values.map(Number).find((value) => Number.isSafeInteger(value) && value > 0);

/** Reads LiteLLM's keys: `max_input_tokens`, `max_output_tokens`, `max_tokens`, `mode`, `supports_*`. */
export const readFactKeys = (record: JsonObject): StatedFacts => {
  const capabilities = new Map<string, boolean>();
  for (const [key, value] of Object.entries(record)) {
    if (!key.startsWith(SUPPORTS) || typeof value !== 'boolean') continue;
    const name = key.slice(SUPPORTS.length);
    capabilities.set(RENAMED[name] ?? name, value);
  }
  return {
    maxInputTokens: readCount(record['max_input_tokens'], record['max_tokens']),
    maxOutputTokens: readCount(record['max_output_tokens'], record['max_tokens']),
    capabilities,
    mode: typeof record['mode'] === 'string' ? record['mode'] : undefined,
  };
};

/** Nearest source first; it wins field by field and capability by capability. Undefined: no source knows the model. */
export const mergeFacts = (sources: readonly (StatedFacts | undefined)[]): ModelFacts | undefined => {
  const known = sources.filter((facts) => facts !== undefined);
  if (known.length === 0) return undefined;
  const stated = new Map(known.toReversed().flatMap((facts) => [...facts.capabilities]));
  return {
    maxInputTokens: known.find((facts) => facts.maxInputTokens)?.maxInputTokens,
    maxOutputTokens: known.find((facts) => facts.maxOutputTokens)?.maxOutputTokens,
    capabilities: new Set([...stated].filter(([, has]) => has).map(([capability]) => capability)),
    mode: known.find((facts) => facts.mode)?.mode,
  };
};
