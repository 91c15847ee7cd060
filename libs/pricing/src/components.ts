// What a call can be charged for. A price gives each of these a rate; a usage gives each a count.

export const COMPONENTS = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWriteLong',
  'inputAudio',
  'inputImage',
  'output',
  'reasoning',
  'outputAudio',
  'outputImage',
  'webSearchLow',
  'webSearch',
  'webSearchHigh',
  'perInputImage',
  'perOutputImage',
  'perInputPixel',
  'perOutputPixel',
  'perInputCharacter',
  'perOutputCharacter',
  'perInputMs',
  'perOutputMs',
  'perInputVideoMs',
  'perOutputVideoMs',
  'perQuery',
  'perPage',
  'perRequest',
] as const;

export type Component = (typeof COMPONENTS)[number];

export const indexOf = Object.fromEntries(COMPONENTS.map((component, index) => [component, index])) as Readonly<
  Record<Component, number>
>;

/**
 * Where a rate comes from that nobody states: the upstream that lists no discount for cached tokens, or no surcharge for
 * audio, bills them like any other token. No entry: not charged.
 */
export const FALLBACKS: Readonly<Partial<Record<Component, Component>>> = {
  cacheRead: 'input',
  cacheWrite: 'input',
  cacheWriteLong: 'cacheWrite',
  inputAudio: 'input',
  inputImage: 'input',
  reasoning: 'output',
  outputAudio: 'output',
  outputImage: 'output',
  webSearchLow: 'webSearch',
  webSearchHigh: 'webSearch',
};

/** The base rate whose restatement makes a component's older rates meaningless. */
export const baseOf = (component: Component): Component => {
  const fallback = FALLBACKS[component];
  return fallback === undefined ? component : baseOf(fallback);
};
