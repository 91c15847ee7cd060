// OpenAI's `web_search_options` → Anthropic's web search server tool.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

/** Searches a call may make, by OpenAI's `search_context_size`, whose default is `medium`. As LiteLLM's. */
const MAX_USES: Readonly<Record<string, number>> = { low: 1, medium: 5, high: 10 };

/** `{search_context_size, user_location: {type, approximate: {…}}}` → `{type, name, max_uses, user_location}`. */
export const webSearchTool = (options: JsonValue | undefined): JsonObject | undefined => {
  if (!isJsonObject(options)) return undefined;
  const size = typeof options['search_context_size'] === 'string' ? options['search_context_size'] : 'medium';
  const location = options['user_location'];
  const place = isJsonObject(location) ? (location['approximate'] ?? location) : undefined;
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    max_uses: MAX_USES[size] ?? MAX_USES['medium'],
    ...(isJsonObject(place) ? { user_location: { ...place, type: 'approximate' } } : {}),
  };
};
