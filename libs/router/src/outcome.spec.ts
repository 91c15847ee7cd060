import type { Deployment } from '@turnpike/domain';
import type { ErrorCode } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aChoice, aFailure, anIndex, inGroup, levelOf, NOW, someSettings } from '../test/doubles.js';
import { HEALTHY, isCooling } from './health.js';
import { LiveState } from './live-state.js';
import * as outcome from './outcome.js';
import type { Choice } from './routing.js';

const FACTS: outcome.AttemptFacts = { durationMs: 100, tokens: 30, outputTokens: 20 };
const POLICY = outcome.cooldownPolicy(someSettings());

/** An attempt under way, in a group of two. */
const anAttempt = (changes: Partial<Deployment> = {}, state = new LiveState()): Choice => {
  const choice = aChoice(levelOf(anIndex([inGroup('g', 'a', changes), inGroup('g', 'b')], { state })));
  choice.target.state.began(NOW);
  return choice;
};

const stateAfter = (end: (choice: Choice) => void, choice = anAttempt()) => {
  end(choice);
  const { inFlight, tokensThisMinute, endedThisMinute, failedThisMinute, samples, health } = choice.target.state;
  return { counts: [inFlight, tokensThisMinute, endedThisMinute, failedThisMinute], samples, health };
};

const failing = (code: ErrorCode, retryAfterMs?: number, policy = POLICY) => {
  return (choice: Choice) => outcome.failed(choice, aFailure(code, { retryAfterMs }), FACTS, policy, NOW);
};

describe('an attempt', () => {
  it('that went well is counted and sampled', () => {
    const { counts, samples } = stateAfter((choice) => outcome.succeeded(choice, FACTS, NOW));
    expect(counts).toEqual([0, 30, 1, 0]);
    expect(samples).toMatchObject([{ durationMs: 100, outputTokens: 20, isFailure: false }]);
  });

  it('that failed is counted and sampled as such', () => {
    const { counts, samples, health } = stateAfter(failing('GW_UPSTREAM_ERROR'));
    expect(counts).toEqual([0, 30, 1, 1]);
    expect(samples).toMatchObject([{ isFailure: true }]);
    expect(health).toBe(HEALTHY);
  });

  it.each<[string, (choice: Choice) => void]>([
    ['whose request was refused', failing('GW_INVALID_REQUEST')],
    ['that met a fault of ours', failing('GW_INTERNAL')],
    ['that was given up', (choice) => outcome.abandoned(choice, 30, NOW)],
  ])('%s says nothing of its deployment, but what it used', (_title, end) => {
    const { counts, samples, health } = stateAfter(end);
    expect([counts, samples, health]).toEqual([[0, 30, 0, 0], [], HEALTHY]);
  });

  it('for a model that is not there rests its deployment, unless a wildcard took the name', () => {
    const health = (modelName: string) => {
      const deployments = [inGroup(modelName, 'a'), inGroup(modelName, 'b')];
      const level = levelOf(anIndex(deployments), 'x/1');
      return stateAfter(failing('GW_UPSTREAM_NOT_FOUND'), aChoice(level));
    };
    expect(health('x/1').health).toMatchObject({ coolUntil: NOW + 5_000 });
    expect(health('x/*')).toMatchObject({ health: HEALTHY, samples: [] });
  });

  it('that was limited rests its deployment for as long as the upstream asked', () => {
    const { health } = stateAfter(failing('GW_UPSTREAM_RATE_LIMITED', 20_000));
    expect(health).toMatchObject({ coolUntil: NOW + 20_000, why: 'GW_UPSTREAM_RATE_LIMITED' });
  });

  it('that was limited rests its deployment for the deployment’s own time', () => {
    const { health } = stateAfter(failing('GW_UPSTREAM_RATE_LIMITED', 20_000), anAttempt({ cooldownMs: 700 }));
    expect(health.coolUntil).toBe(NOW + 700);
  });

  it('that was limited does not rest the only deployment of its group', () => {
    const choice = aChoice(levelOf(anIndex([inGroup('g', 'a')])));
    expect(stateAfter(failing('GW_UPSTREAM_RATE_LIMITED'), choice).health).toBe(HEALTHY);
  });

  it('is counted with all calls of its minute', () => {
    const choice = anAttempt();
    const { state } = choice.target;
    for (const code of ['GW_TIMEOUT', 'GW_STREAM_CUT', 'GW_UPSTREAM_ERROR', 'GW_UPSTREAM_CONNECTION'] as const) {
      state.began(NOW);
      failing(code)(choice);
    }
    expect(isCooling(state.health, NOW)).toBe(false);
    failing('GW_UPSTREAM_UNAVAILABLE')(choice);
    expect(isCooling(state.health, NOW)).toBe(true);
  });

  it('that is answered ends the probation', () => {
    const choice = anAttempt();
    choice.target.state.changeHealth({ ...HEALTHY, coolUntil: NOW - 1, isProving: true });
    outcome.answered(choice, NOW);
    expect(choice.target.state.health).toBe(HEALTHY);
  });
});

describe('the policy of cooldowns', () => {
  const policyOf = (settings: Parameters<typeof someSettings>[0]) => outcome.cooldownPolicy(someSettings(settings));

  it('has allowed_fails by class, else for all, else none', () => {
    const both = policyOf({ allowedFails: 3, allowedFailsPolicy: { TimeoutErrorAllowedFails: 0 } });
    expect([both.allowedFails('Timeout'), both.allowedFails('RateLimit')]).toEqual([0, 3]);
    expect(policyOf({}).allowedFails('Timeout')).toBeUndefined();
  });

  it('may be off', () => {
    const policy = policyOf({ disableCooldowns: true, allowedFails: 0 });
    expect(stateAfter(failing('GW_UPSTREAM_RATE_LIMITED', 1_000, policy)).health).toBe(HEALTHY);
  });

  it('counts across workers: each tells each of its failures once', () => {
    const policy = policyOf({ allowedFails: 3 });
    const lives = [new LiveState({ isShared: true }), new LiveState({ isShared: true })] as const;
    const choices = lives.map((live) => anAttempt({}, live));
    const fail = (worker: 0 | 1, ms: number) => {
      outcome.failed(choices[worker]!, aFailure(), FACTS, policy, NOW + ms);
      lives[1 - worker]!.learn(`worker ${worker}`, lives[worker].reports(NOW + ms), NOW + ms);
    };
    const areCooling = () => choices.map(({ target }) => isCooling(target.state.health, NOW + 10_003));
    // Forgotten by the time of the others.
    fail(0, 0);
    fail(0, 10_000);
    fail(1, 10_001);
    fail(0, 10_002);
    expect(areCooling()).toEqual([false, false]);
    fail(1, 10_003);
    expect(areCooling()).toEqual([true, true]);
  });
});
