/** Conformance suites for plugins, and the doubles they run against: fixtures, a host, an upstream. */
export { brokenPlugins, type BrokenPlugin, type BrokenStep } from './broken-plugins.js';
export * from './builders/call-events.js';
export * from './builders/chat.js';
export * from './builders/deployment.js';
export { bagOfWords, cacheChecks, cacheConformance, type CacheConformance } from './cache/conformance.js';
export { callbackChecks, callbackConformance, type CallbackConformance } from './callback/conformance.js';
export { ConformanceError, failuresOf, type Check, type Skip } from './check.js';
export {
  guardrailChecks,
  guardrailConformance,
  type GuardrailCase,
  type GuardrailConformance,
} from './guardrail/conformance.js';
export { FakeClock, START_OF_TIME } from './host/fake-clock.js';
export * from './host/fake-host.js';
export * from './host/fake-http.js';
export { pluginChecks, pluginConformance, type PluginSubject } from './plugin/conformance.js';
export type { MakeHost } from './plugin/opened.js';
export { providerChecks, providerConformance, type ProviderConformance } from './provider/conformance.js';
export * from './provider/fixtures.js';
export { findSecret, secretsOf } from './secrets.js';
export {
  strategyChecks,
  strategyConformance,
  type StrategyCase,
  type StrategyConformance,
} from './strategy/conformance.js';
export {
  fakeUpstream,
  type FakeUpstream,
  type ReceivedRequest,
  type UpstreamAnswer,
} from './upstream/fake-upstream.js';
