/** The router's settings where a scenario says nothing else: what a configuration without `router_settings` gives. */

import { ROUTER_DEFAULTS } from '@turnpike/domain';

/** @typedef {import('@turnpike/domain').RouterSettings} RouterSettings */
/** @typedef {import('@turnpike/domain').Deployment} Deployment */

/** @param {Partial<RouterSettings>} [changes] @returns {RouterSettings} */
export const routerSettings = (changes = {}) => ({
  ...ROUTER_DEFAULTS,
  ...changes,
});

/** @param {string} modelName @param {string} id @param {Partial<Deployment>} [changes] @returns {Deployment} */
export const deployment = (modelName, id, changes = {}) => ({
  id,
  modelName,
  provider: 'provider.simulated',
  model: id,
  connection: {},
  defaults: {},
  extraBody: {},
  headers: {},
  additionalDropParams: [],
  allowedParams: [],
  clientParams: [],
  tags: [],
  tagRegex: [],
  prices: {},
  info: {},
  ...changes,
});

/** mulberry32: small, seeded, even. @param {number} seed @returns {() => number} numbers in [0, 1) */
export const seededRandom = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
