// The catalogue of limits and capabilities, llm-zoo: what current models take, give and can do, whoever serves them.
import { createRequire } from 'node:module';
import type * as LlmZoo from 'llm-zoo';
import type { ModelCapabilities, ModelConfig } from 'llm-zoo';
import type { StatedFacts } from './facts.js';
import { normaliseName, spellingsOf } from './model-names.js';

const CAPABILITIES: Partial<Record<keyof ModelCapabilities, string>> = {
  supportsFunctionCalling: 'tools',
  supportsVision: 'vision',
  supportsReasoning: 'reasoning',
  supportsPromptCaching: 'prompt_caching',
  supportsAutoPromptCaching: 'prompt_caching',
  supportsNativeWebSearch: 'web_search',
  supportsNativePdf: 'pdf_input',
  supportsNativeAudio: 'audio_input',
  supportsAssistantPrefill: 'assistant_prefill',
  supportsSystemPrompt: 'system_messages',
};

interface CatalogueModel {
  facts: StatedFacts;
  isRetired: boolean;
}

const readCapabilities = (flags: ModelCapabilities): Map<string, boolean> => {
  const capabilities = new Map<string, boolean>();
  for (const [key, capability] of Object.entries(CAPABILITIES)) {
    const has = flags[key as keyof ModelCapabilities] === true;
    capabilities.set(capability, has || capabilities.get(capability) === true);
  }
  return capabilities;
};

/**
 * One model may have several entries (with and without reasoning, older snapshots under the same name): the first one's
 * limits hold, as the catalogue lists the current one first, and it can do what any of them can.
 */
const add = (models: Map<string, CatalogueModel>, name: string, config: ModelConfig): void => {
  const capabilities = readCapabilities(config.capabilities);
  const earlier = models.get(name);
  if (!earlier) {
    const facts = {
      maxInputTokens: config.contextWindow,
      maxOutputTokens: config.maxOutputTokens,
      capabilities,
      mode: 'chat',
    };
    models.set(name, { facts, isRetired: config.retired === true });
    return;
  }
  const known = earlier.facts.capabilities;
  const union = [...capabilities].map(([name, has]): [string, boolean] => [name, has || known.get(name) === true]);
  earlier.facts = { ...earlier.facts, capabilities: new Map(union) };
  earlier.isRetired &&= config.retired === true;
};

const load = (): Map<string, CatalogueModel> => {
  const { MODEL_CONFIGS } = createRequire(import.meta.url)('llm-zoo') as typeof LlmZoo;
  const models = new Map<string, CatalogueModel>();
  for (const config of Object.values(MODEL_CONFIGS)) {
    for (const name of new Set([config.fullName, config.shortName].map(normaliseName))) add(models, name, config);
  }
  return models;
};

let loaded: Map<string, CatalogueModel> | undefined;

const find = (model: string): CatalogueModel | undefined => {
  loaded ??= load();
  for (const spelling of spellingsOf(model)) {
    const found = loaded.get(normaliseName(spelling));
    if (found) return found;
  }
  return undefined;
};

/** Loads the catalogue now (5 ms). */
export const warmCatalogueFacts = (): void => {
  loaded ??= load();
};

export const catalogueFacts = (model: string): StatedFacts | undefined => find(model)?.facts;

/** True for a model that its maker no longer serves. */
export const isRetiredModel = (model: string): boolean => find(model)?.isRetired === true;
