// Deployments and the candidates that strategies choose from; each builder fills in what a test does not care about.
import type { CallSample, Candidate, Deployment, SelectionContext } from '@turnpike/plugin-sdk';
import { START_OF_TIME } from '../host/fake-clock.js';
import { seededRandom } from '../host/fake-host.js';

export const aDeployment = (changes: Partial<Deployment> = {}): Deployment => ({
  id: 'deployment-0',
  modelName: 'chat-large',
  provider: 'provider.sample',
  model: 'large',
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

/** `deployment` may be partial too. */
export type CandidateChanges = Partial<Omit<Candidate, 'deployment'>> & { deployment?: Partial<Deployment> };

export const aCandidate = ({ deployment, ...changes }: CandidateChanges = {}): Candidate => ({
  deployment: aDeployment(deployment),
  model: 'large',
  inFlight: 0,
  requestsThisMinute: 0,
  tokensThisMinute: 0,
  samples: [],
  priceNanoUsd: undefined,
  ...changes,
});

/** A call that ended `agoMs` before the context's `now`: 1 s for 100 output tokens, unless `changes` say otherwise. */
export const aSample = ({ agoMs = 0, ...changes }: Partial<CallSample> & { agoMs?: number } = {}): CallSample => ({
  at: START_OF_TIME - agoMs,
  durationMs: 1_000,
  outputTokens: 100,
  isFailure: false,
  ...changes,
});

/** Candidates with deployment ids of their own: `deployment-0`, `deployment-1` … */
export const candidates = (...changes: CandidateChanges[]): Candidate[] =>
  changes.map((change, index) =>
    aCandidate({ ...change, deployment: { id: `deployment-${index}`, ...change.deployment } }),
  );

export const aSelectionContext = (changes: Partial<SelectionContext> = {}): SelectionContext => ({
  stream: false,
  promptTokens: 100,
  now: START_OF_TIME,
  random: seededRandom(1),
  ...changes,
});
