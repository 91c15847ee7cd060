import { describe, expect, it } from '@jest/globals';
import { catalogueModels, cataloguePrice, catalogueVendor } from './catalogue.prices.js';
import { costOf } from './cost.js';
import { createPriceBook, type PriceBookOptions } from './price-book.js';
import type { PriceQuery } from './price-sources.js';
import { perMillionTokens } from './price.js';

const MILLION_IN = { inputTokens: 1_000_000, outputTokens: 0, totalTokens: 1_000_000 };

/** `[source, input, output]` in dollars a million tokens. */
const look = (options: PriceBookOptions, query: Partial<PriceQuery>) => {
  const price = createPriceBook(options).priceOf({ provider: 'provider.acme', model: 'acme-1', ...query });
  if (!price) return undefined;
  const { input, output } = perMillionTokens(price);
  return [price.source, input / 1e9, output / 1e9];
};
const entry = (input: number, more = {}) => ({ input_cost_per_token: input / 1e6, output_cost_per_token: 0, ...more });

describe('order of sources', () => {
  const pluginModels = { 'provider.acme': { 'acme-1': entry(2) } };
  const priceFile = { 'acme/acme-1': entry(3) };

  it('takes the deployment before the price file before the plugin', () => {
    const overrides = { input_cost_per_token: 4e-6 };
    expect(look({}, {})).toBeUndefined();
    expect(look({ pluginModels }, {})).toEqual(['plugin', 2, 0]);
    expect(look({ pluginModels, priceFile }, {})).toEqual(['price-file', 3, 0]);
    expect(look({ pluginModels, priceFile }, { overrides })).toEqual(['deployment', 4, 0]);
  });

  it('takes all of them before the catalogue', () => {
    const query = { provider: 'provider.openai', model: 'gpt-4o' };
    expect(look({}, query)).toEqual(['catalogue', 2.5, 10]);
    expect(look({ pluginModels: { 'provider.openai': { 'gpt-4o': entry(1) } } }, query)).toEqual(['plugin', 1, 0]);
  });

  it('keeps from farther sources what a nearer one leaves open', () => {
    const query = { provider: 'provider.openai', model: 'gpt-4o', overrides: { input_cost_per_token: 1e-6 } };
    expect(look({}, query)).toEqual(['deployment', 1, 10]);
  });

  it('knows a deployment with explicit zero prices as free', () => {
    const overrides = { input_cost_per_token: 0, output_cost_per_token: 0 };
    const price = createPriceBook().priceOf({ provider: 'provider.acme', model: 'x', overrides });
    expect(price?.isFree).toBe(true);
  });
});

describe('names in a price file', () => {
  it.each([
    ['the provider and the model', 'acme/acme-1', {}],
    ['the bare model', 'acme-1', {}],
    ['another spelling of the provider', 'to_gether/acme-1', { provider: 'provider.to-gether' }],
    ['another case and punctuation', 'ACME/acme.1', {}],
    ['no date', 'acme-1', { model: 'acme-1-2026-01-31' }],
    ['no path', 'acme-1', { model: 'models/acme-1' }],
    ['no region', 'own.acme-1', { model: 'eu.own.acme-1' }],
    ['the base model', 'acme-base', { baseModel: 'acme-base' }],
    ['the model, where the base model is unknown', 'acme-1', { baseModel: 'unheard-of' }],
  ])('finds an entry by %s', (_, name, query) => {
    expect(look({ priceFile: { [name]: entry(7) } }, query)).toEqual(['price-file', 7, 0]);
  });

  it('finds an entry by the vendor names that the caller gives', () => {
    const options = { priceFile: { 'old_name/acme-1': entry(7) }, vendorNames: { 'provider.acme': ['old_name'] } };
    expect(look(options, {})).toEqual(['price-file', 7, 0]);
  });

  it('prefers the entry of the provider to the bare one', () => {
    expect(look({ priceFile: { 'acme-1': entry(1), 'acme/acme-1': entry(2) } }, {})).toEqual(['price-file', 2, 0]);
  });

  it('passes over the entry that documents the keys', () => {
    const book = createPriceBook({ priceFile: { sample_spec: { input_cost_per_token: 'dollars' } } });
    expect(book.isKnown('sample_spec')).toBe(false);
  });

  it('refuses a bad price when the book is made', () => {
    expect(() => createPriceBook({ priceFile: { x: entry(-1) } })).toThrow(
      "price file: model 'x': input_cost_per_token must be",
    );
  });
});

describe('names in the catalogue', () => {
  it.each([
    ['provider.openai', 'gpt-4o-mini', undefined, 0.15],
    ['provider.azure', 'gpt-4o-mini', undefined, 0.15],
    ['provider.azure', 'my-deployment', 'azure/gpt-4o-mini', 0.15],
    ['provider.azure', 'my-deployment', 'gpt-4o-mini', 0.15],
    ['provider.gemini', 'models/gemini-2.5-pro', undefined, 1.25],
    ['provider.vertex-ai', 'claude-sonnet-4-5@20250929', undefined, 3],
    ['provider.bedrock', 'anthropic.claude-3-haiku-20240307-v1:0', undefined, 0.25],
    ['provider.groq', 'llama-3.3-70b-versatile', undefined, 0.59],
    ['provider.together-ai', 'meta-llama/Llama-3.3-70B-Instruct-Turbo', undefined, 0.88],
    ['provider.fireworks-ai', 'accounts/fireworks/models/deepseek-v3p2', undefined, 0.56],
    ['provider.xai', 'grok-3', undefined, 3],
    ['provider.openrouter', 'anthropic/claude-sonnet-4.5', undefined, 3],
  ])('prices %s %s (base model %s)', (provider, model, baseModel, input) => {
    expect(look({}, { provider, model, baseModel })?.[1]).toBe(input);
  });

  it('prices nothing for a vendor it does not list, whatever the model is called', () => {
    expect(look({}, { provider: 'provider.acme', model: 'gpt-4o' })).toBeUndefined();
  });

  it('leaves a provider alone that has no vendor names', () => {
    const vendorNames = { 'provider.openai-like': [] };
    expect(look({}, { provider: 'provider.openai-like', model: 'gpt-4o' })).toBeDefined();
    expect(look({ vendorNames }, { provider: 'provider.openai-like', model: 'gpt-4o' })).toBeUndefined();
  });
});

describe('what the catalogue states', () => {
  const book = createPriceBook();

  it('has cache rates of both lifetimes and tiers', () => {
    const price = book.priceOf({ provider: 'provider.anthropic', model: 'claude-sonnet-4-5' })!;
    const usage = { inputTokens: 100_000, outputTokens: 0, totalTokens: 0, cacheWriteTokens: 50_000 };
    expect(costOf(price, { ...usage, cachedInputTokens: 50_000 })).toBe(202_500_000);
    expect(costOf(price, { ...usage, inputTokens: 50_000, cacheWriteLongTokens: 50_000 })).toBe(300_000_000);
    expect(costOf(price, MILLION_IN)).toBe(6_000_000_000);
  });

  it('follows the hours of a price that changes with them, to the minute', () => {
    let now = Date.parse('2026-03-01T12:00:00Z');
    const clocked = createPriceBook({ now: () => now });
    const cost = () => costOf(clocked.priceOf({ provider: 'provider.deepseek', model: 'deepseek-chat' })!, MILLION_IN);
    expect(cost()).toBe(270_000_000);
    now = Date.parse('2026-03-01T16:29:59Z');
    expect(cost()).toBe(270_000_000);
    now = Date.parse('2026-03-01T16:30:00Z');
    expect(cost()).toBe(135_000_000);
  });

  it('can be read without an error for every model of every vendor it is asked for', () => {
    for (const name of ['openai', 'anthropic', 'google', 'aws', 'azure', 'groq', 'mistral', 'deepseek', 'openrouter']) {
      const vendor = catalogueVendor(name)!;
      const models = catalogueModels(vendor);
      expect(models.length).toBeGreaterThan(3);
      for (const model of models) expect(cataloguePrice(vendor, model, Date.now())).toBeDefined();
    }
  });
});

describe('priceOf', () => {
  it('gives the same object again, and another for other overrides or another base model', () => {
    const book = createPriceBook();
    const query = { provider: 'provider.openai', model: 'gpt-4o' };
    const overrides = { output_cost_per_token: 1e-6 };
    const price = book.priceOf(query);
    expect(book.priceOf({ ...query, overrides: {} })).toBe(price);
    expect(book.priceOf({ ...query, overrides })).toBe(book.priceOf({ ...query, overrides }));
    expect(book.priceOf({ ...query, overrides })).not.toBe(price);
    expect(book.priceOf({ ...query, baseModel: 'gpt-4o-mini' })).not.toBe(price);
  });

  it('names the deployment whose own price is refused', () => {
    const overrides = { input_cost_per_token: NaN };
    expect(() => createPriceBook().priceOf({ provider: 'provider.acme', model: 'x', overrides })).toThrow(
      'deployment of provider.acme/x: input_cost_per_token must be',
    );
  });
});

describe('facts', () => {
  it('takes the price file before the plugin before the catalogues', () => {
    const book = createPriceBook({
      priceFile: { 'gpt-4o': { max_input_tokens: 5, supports_vision: false } },
      pluginModels: { 'provider.openai': { 'gpt-4o': { max_input_tokens: 6, max_output_tokens: 7 } } },
    });
    const facts = book.facts('provider.openai', 'gpt-4o');
    expect(facts).toMatchObject({ maxInputTokens: 5, maxOutputTokens: 7, mode: 'chat' });
    expect(facts?.capabilities.has('vision')).toBe(false);
    expect(facts?.capabilities.has('tools')).toBe(true);
  });

  it.each([
    ['provider.anthropic', 'claude-sonnet-4-5', 200_000, 64_000, 'reasoning'],
    ['provider.bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 200_000, 64_000, 'vision'],
    ['provider.openrouter', 'anthropic/claude-sonnet-4.5', 200_000, 64_000, 'tools'],
    ['provider.gemini', 'gemini-2.5-pro', 1_048_576, 65_536, 'audio_input'],
  ])('knows limits and capabilities of %s %s', (provider, model, maxInputTokens, maxOutputTokens, capability) => {
    const facts = createPriceBook().facts(provider, model);
    expect(facts).toMatchObject({ maxInputTokens, maxOutputTokens });
    expect(facts?.capabilities.has(capability)).toBe(true);
  });

  it('knows the window of a model whose capabilities nobody lists', () => {
    expect(createPriceBook().facts('provider.openai', 'text-embedding-3-small')).toEqual({
      maxInputTokens: 8_192,
      maxOutputTokens: undefined,
      mode: undefined,
      capabilities: new Set(),
    });
  });

  it('knows nothing of a model that nobody lists', () => {
    expect(createPriceBook().facts('provider.acme', 'acme-1')).toBeUndefined();
  });
});

describe('modelsOf', () => {
  it('joins price file, plugin and catalogue, without prefixes, retired models and entries that are no names', () => {
    const book = createPriceBook({
      priceFile: { 'openai/acme-2': entry(1), 'acme-3': entry(1, { litellm_provider: 'openai' }), 'other/x': entry(1) },
      pluginModels: { 'provider.openai': { 'acme-1': entry(1) } },
    });
    const models = book.modelsOf('provider.openai');
    expect(models).toEqual([...models].sort());
    expect(models).toEqual(expect.arrayContaining(['acme-1', 'acme-2', 'acme-3', 'gpt-4o', 'text-embedding-3-small']));
    for (const name of ['x', 'other/x', 'gpt-4.5-preview', 'ft:gpt-4o']) expect(models).not.toContain(name);
  });

  it('is empty for an unknown provider', () => expect(createPriceBook().modelsOf('provider.acme')).toEqual([]));
});

describe('isKnown', () => {
  const book = createPriceBook({ priceFile: { 'acme/acme-1': entry(1), 'acme-2': entry(1) } });

  it.each([
    ['gpt-4o', true],
    ['openai/gpt-4o', true],
    ['groq/llama-3.1-8b-instant', true],
    ['acme/acme-1', true],
    ['acme-2', true],
    ['gpt-unheard-of', false],
    ['acme/acme-9', false],
    ['', false],
  ])('%p: %p', (model, known) => expect(book.isKnown(model)).toBe(known));
});
