// Anthropic calls OpenAI's `default` tier `standard`; the other words are the same or have no counterpart.

export const fromAnthropicServiceTier = (tier: unknown): string | undefined =>
  typeof tier === 'string' ? (tier === 'standard' ? 'default' : tier) : undefined;

export const toAnthropicServiceTier = (tier: string | undefined): string =>
  tier === undefined || tier === 'default' ? 'standard' : tier;
