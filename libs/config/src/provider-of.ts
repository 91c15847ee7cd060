// Which provider a deployment's model belongs to.
import type { Manifests, ProviderMatch } from './manifests.js';
import { suggestion } from './nearest.js';

export type ProviderChoice =
  | { readonly match: ProviderMatch; /** Nobody claimed the model: it was given to the default. */ isGuess: boolean }
  | { readonly reason: string };

/** The provider of models that nothing else claims, as LiteLLM has it. */
const DEFAULT_PREFIX = 'openai/';

const unknownProvider = (name: string, manifests: Manifests): ProviderChoice => ({
  reason: `no provider is called '${name}'.${suggestion(name, manifests.providerNames())}`.replace(/\.$/, ''),
});

/** By `custom_llm_provider`, else the longest prefix, else a provider that recognises the name, else the default. */
export const chooseProvider = (model: string, explicit: string | undefined, manifests: Manifests): ProviderChoice => {
  const prefixed = manifests.byPrefix(model);
  if (explicit !== undefined) {
    const manifest = manifests.provider(explicit);
    if (!manifest) return unknownProvider(explicit, manifests);
    const isOwnPrefix = prefixed?.manifest === manifest;
    return { match: { manifest, model: isOwnPrefix ? prefixed.model : model }, isGuess: false };
  }
  const match = prefixed ?? manifests.recognise(model);
  if (match) return { match, isGuess: false };
  const slash = model.indexOf('/');
  if (slash > 0) return unknownProvider(model.slice(0, slash), manifests);
  const guess = manifests.byPrefix(`${DEFAULT_PREFIX}${model}`);
  return guess
    ? { match: guess, isGuess: true }
    : { reason: `no provider recognises '${model}'; write 'provider/${model}'` };
};
