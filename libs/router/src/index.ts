/** Model group → deployment: choice, retries, cooldowns, fallbacks. No I/O. */
export * from './drive.js';
export * from './explain.js';
export { traitsOf, type FailureClass, type FailureTraits } from './failure-traits.js';
export { hedgeAfterMs } from './hedge.js';
export { HEALTHY, isCooling, type Health } from './health.js';
export * from './live-state.js';
export * from './model-index.js';
export { isInRegion, type LimitView, type Obstacle } from './obstacles.js';
export * as outcome from './outcome.js';
export * from './queue.js';
export * from './request.js';
export * from './router.js';
export type { Choice, Over, Pause, Routing, Step } from './routing.js';
export type { Reason } from './selection.js';
export * from './target.js';
