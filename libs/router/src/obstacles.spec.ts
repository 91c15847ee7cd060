import type { Deployment } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { anIndex, aRequest, inGroup, levelOf, limitsOf, NOW, someFacts, wishing } from '../test/doubles.js';
import { afterChoice, HEALTHY, type Health } from './health.js';
import { clearsInMs, obstacleOf, type Checks, type Obstacle } from './obstacles.js';
import type { RoutingRequest } from './request.js';

interface Situation {
  deployment?: Partial<Deployment>;
  isUsable?: boolean;
  maxInputTokens?: number;
  health?: Health;
  limitWaitMs?: number;
  request?: RoutingRequest;
  isPreCallChecked?: boolean;
}

const COOLING: Health = { ...HEALTHY, coolUntil: NOW + 3_000, isProving: true, why: 'GW_UPSTREAM_ERROR' };
const PROVING: Health = { ...COOLING, coolUntil: NOW };
const PROBED = afterChoice(PROVING, NOW - 400);

/** The obstacle, and the milliseconds until it may be gone. */
const verdict = (situation: Situation): [Obstacle, number] | undefined => {
  const { deployment, isUsable = true, maxInputTokens, health, limitWaitMs, request = aRequest() } = situation;
  const facts = someFacts({ isUsable: () => isUsable, maxInputTokensOf: () => maxInputTokens });
  const target = levelOf(anIndex([inGroup('g', 'a', deployment)], { facts })).targets[0]!;
  if (health) target.state.changeHealth(health);
  const checks: Checks = {
    limits: limitWaitMs === undefined ? undefined : limitsOf({ a: limitWaitMs }),
    isPreCallChecked: situation.isPreCallChecked ?? true,
  };
  const obstacle = obstacleOf(target, request, checks, NOW);
  return obstacle && [obstacle, clearsInMs(obstacle, target, request, checks, NOW)];
};

const prompt = (promptTokens: number, certainPromptTokens: number) => aRequest({ promptTokens, certainPromptTokens });

describe('what keeps a target from being chosen', () => {
  it.each<[string, Situation, [Obstacle, number] | undefined]>([
    ['nothing, as a rule', {}, undefined],
    ['no instance that can call it', { isUsable: false }, ['off', Infinity]],
    ['a prompt that is too long', { maxInputTokens: 99, request: prompt(100, 100) }, ['context-window', Infinity]],
    ['not one that just fits', { maxInputTokens: 100, request: prompt(100, 100) }, undefined],
    ['not one that may be too long', { maxInputTokens: 99, request: prompt(500, 99) }, undefined],
    [
      'not its length where that is not checked',
      { maxInputTokens: 99, request: prompt(100, 100), isPreCallChecked: false },
      undefined,
    ],
    ['a cooldown', { health: COOLING }, ['cooldown', 3_000]],
    ['a cooldown that ends within the millisecond', { health: { ...COOLING, coolUntil: NOW + 0.2 } }, ['cooldown', 1]],
    ['not a cooldown that is over', { health: PROVING }, undefined],
    ['the probe of another request', { health: PROBED }, ['probe', 600]],
    ['a limit', { limitWaitMs: 250 }, ['limit', 250]],
    ['a limit that will have room within the millisecond', { limitWaitMs: 0.2 }, ['limit', 1]],
    ['a limit that it never fits', { limitWaitMs: Infinity }, ['limit', Infinity]],
    ['not a limit with room', { limitWaitMs: 0 }, undefined],
    ['what lasts rather than what passes', { isUsable: false, health: COOLING, limitWaitMs: 9 }, ['off', Infinity]],
  ])('%s', (_title, situation, expected) => expect(verdict(situation)).toEqual(expected));

  it.each<[string, string | undefined, string | undefined, boolean]>([
    ['eu', 'eu', 'eu', true],
    ['eu', 'a cloud’s name of a region there', 'eu-west-1', true],
    ['eu', 'a name that begins with the continent', 'europe-west4', true],
    ['EU', 'another spelling', 'eu-west-1', true],
    ['eu-west-1', 'the region itself', 'eu-west-1', true],
    ['eu-west-1', 'all of the continent', 'eu', false],
    ['eu', 'another continent', 'us-east-1', false],
    ['eu', 'nowhere', undefined, false],
  ])('for those who may go to %s only: not %s', (region, _title, own, isAllowed) => {
    const situation = { deployment: { region: own }, request: wishing({ region }) };
    expect(verdict(situation)).toEqual(isAllowed ? undefined : ['region', Infinity]);
  });

  it('is no region when none is asked for', () => {
    expect(verdict({ deployment: { region: 'us-east-1' } })).toBeUndefined();
  });

  it('is asked of the limits with the tokens that the prompt is thought to have', () => {
    const target = levelOf(anIndex([inGroup('g', 'a')])).targets[0]!;
    const limits = { waitMs: (_target: unknown, tokens: number) => (tokens > 40 ? 100 : 0) };
    const obstacle = (tokens: number) =>
      obstacleOf(target, prompt(tokens, 0), { limits, isPreCallChecked: false }, NOW);
    expect([obstacle(40), obstacle(41)]).toEqual([undefined, 'limit']);
  });
});
