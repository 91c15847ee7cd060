// What to do with parameters that an upstream lacks, as specs want it.
import type { ParameterPolicy } from '../src/parameters.js';

/** Refuses them. */
export const aPolicy = (changes: Partial<ParameterPolicy> = {}): ParameterPolicy => ({
  provider: 'provider.test',
  drop: false,
  allowed: new Set(),
  dropped: [],
  ...changes,
});
