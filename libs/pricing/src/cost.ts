// Usage × price → money. Integers only, rounded once.
import type { NanoUsd, Usage } from '@turnpike/domain';
import { COMPONENTS, indexOf, type Component } from './components.js';
import { FEMTO_PER_NANO, type Price, type PriceTiers, type RateCard } from './price.js';
import { BATCHES } from './rate-sheet.js';

/** What is billed by something else than tokens, in whole units. */
export interface BilledUnits {
  inputImages?: number;
  outputImages?: number;
  inputPixels?: number;
  outputPixels?: number;
  inputCharacters?: number;
  outputCharacters?: number;
  /** Length of the audio that was sent, or the run time where an upstream bills that. */
  inputMs?: number;
  /** Length of the audio that was made. */
  outputMs?: number;
  inputVideoMs?: number;
  outputVideoMs?: number;
  /** Rerank queries. */
  queries?: number;
  /** Pages read by OCR. */
  pages?: number;
}

export interface CostOptions {
  /** The call was part of a batch job. */
  batch?: boolean;
  /** As the upstream reports it: `flex`, `priority` …; one that has no rates of its own costs the standard rate. */
  serviceTier?: string;
  searchContextSize?: 'low' | 'medium' | 'high';
  units?: BilledUnits;
}

/** Largest count that is priced: its product with the femto part of a rate is still exact. */
const MAX_COUNT = Math.floor(Number.MAX_SAFE_INTEGER / FEMTO_PER_NANO);

/** Upstreams report what they like: absent, negative or no number counts as 0, fractions are cut. */
const count = (value: number | undefined): number =>
  value !== undefined && value > 0 ? Math.min(Math.floor(value), MAX_COUNT) : 0;

/** Scratch of `costOf`, which is synchronous, so one is enough. */
const counts = new Float64Array(COMPONENTS.length);

/** Most counts of a call are 0, which they are before. */
const put = (component: Component, value: number): void => {
  if (value !== 0) counts[indexOf[component]] = value;
};

const SEARCH_COMPONENTS = { low: 'webSearchLow', medium: 'webSearch', high: 'webSearchHigh' } as const;

/** The parts of a whole are counted apart; what remains of it is plain text. */
const countTokens = (usage: Usage): void => {
  const cacheRead = count(usage.cachedInputTokens);
  const cacheWrite = count(usage.cacheWriteTokens);
  const cacheWriteLong = Math.min(count(usage.cacheWriteLongTokens), cacheWrite);
  const inputAudio = count(usage.inputAudioTokens);
  const inputImage = count(usage.inputImageTokens);
  put('input', Math.max(0, count(usage.inputTokens) - cacheRead - cacheWrite - inputAudio - inputImage));
  put('cacheRead', cacheRead);
  put('cacheWrite', cacheWrite - cacheWriteLong);
  put('cacheWriteLong', cacheWriteLong);
  put('inputAudio', inputAudio);
  put('inputImage', inputImage);

  const reasoning = count(usage.reasoningTokens);
  const outputAudio = count(usage.outputAudioTokens);
  const outputImage = count(usage.outputImageTokens);
  put('output', Math.max(0, count(usage.outputTokens) - reasoning - outputAudio - outputImage));
  put('reasoning', reasoning);
  put('outputAudio', outputAudio);
  put('outputImage', outputImage);
};

const countUnits = (units: BilledUnits): void => {
  put('perInputImage', count(units.inputImages));
  put('perOutputImage', count(units.outputImages));
  put('perInputPixel', count(units.inputPixels));
  put('perOutputPixel', count(units.outputPixels));
  put('perInputCharacter', count(units.inputCharacters));
  put('perOutputCharacter', count(units.outputCharacters));
  put('perInputMs', count(units.inputMs));
  put('perOutputMs', count(units.outputMs));
  put('perInputVideoMs', count(units.inputVideoMs));
  put('perOutputVideoMs', count(units.outputVideoMs));
  put('perQuery', count(units.queries));
  put('perPage', count(units.pages));
};

const tiersFor = (price: Price, { batch, serviceTier }: CostOptions): PriceTiers => {
  const variant = batch ? BATCHES : serviceTier === 'fast' ? 'priority' : serviceTier;
  return (variant !== undefined && price.variants.get(variant)) || price.tiers;
};

const cardFor = (tiers: PriceTiers, inputTokens: number): RateCard => {
  for (const tier of tiers) {
    if (inputTokens > tier.aboveInputTokens) return tier.card;
  }
  return tiers[tiers.length - 1]!.card;
};

/**
 * Cost of one call in nano-dollars, rounded half up at the end. Exact for up to 9,007,199,254 of each unit; a sum beyond
 * 9,007,199 dollars saturates there.
 */
export const costOf = (price: Price, usage: Usage, options?: CostOptions): NanoUsd => {
  counts.fill(0);
  countTokens(usage);
  put(SEARCH_COMPONENTS[options?.searchContextSize ?? 'medium'], count(usage.webSearchRequests));
  put('perRequest', 1);
  if (options?.units) countUnits(options.units);

  const card = cardFor(options ? tiersFor(price, options) : price.tiers, usage.inputTokens);
  let nano = 0;
  let femto = 0;
  for (let index = 0; index < counts.length; index += 1) {
    const quantity = counts[index]!;
    if (quantity === 0) continue;
    const part = quantity * card.femto[index]!;
    nano += quantity * card.nano[index]! + Math.floor(part / FEMTO_PER_NANO);
    femto += part % FEMTO_PER_NANO;
  }
  const rounded = nano + Math.floor((femto + FEMTO_PER_NANO / 2) / FEMTO_PER_NANO);
  return Math.min(rounded, Number.MAX_SAFE_INTEGER);
};
