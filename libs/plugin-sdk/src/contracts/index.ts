import type { CacheV1 } from './cache/v1/index.js';
import type { CallbackV1 } from './callback/v1/index.js';
import type { GuardrailV1 } from './guardrail/v1/index.js';
import type { ProviderV1 } from './provider/v1/index.js';
import type { StrategyV1 } from './strategy/v1/index.js';

/** Every contract this SDK describes. A breaking change adds a key; the old key stays one release. */
export interface Contracts {
  'provider/v1': ProviderV1;
  'strategy/v1': StrategyV1;
  'cache/v1': CacheV1;
  'callback/v1': CallbackV1;
  'guardrail/v1': GuardrailV1;
}

export type ContractName = keyof Contracts;

export * from './cache/v1/index.js';
export * from './callback/v1/index.js';
export * from './guardrail/v1/index.js';
export * from './provider/v1/index.js';
export * from './strategy/v1/index.js';
