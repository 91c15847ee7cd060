import type { Deployment } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { anIndex, aRequest, inGroup, limitsOf, NOW, someFacts, wishing } from '../test/doubles.js';
import { busyError } from './busy.js';
import { afterChoice, HEALTHY, type Health } from './health.js';
import type { RoutingRequest } from './request.js';

const cooling = (forMs: number): Health => ({ ...HEALTHY, coolUntil: NOW + forMs, isProving: true });
const PROBED = afterChoice(cooling(0), NOW - 400);

/** Each deployment: how it is, or milliseconds until its limit has room. */
type Condition = 'off' | 'ready' | 'too small' | 'elsewhere' | Health | number;

const told = (conditions: readonly Condition[], request: RoutingRequest = aRequest()) => {
  const ids = conditions.map((_, at) => `d${at}`);
  const is = (id: string, condition: Condition) => conditions[ids.indexOf(id)] === condition;
  const limits = Object.fromEntries(
    conditions.flatMap((one, at) => (typeof one === 'number' ? [[`d${at}`, one]] : [])),
  );
  const deployments = ids.map((id): Deployment =>
    inGroup('g', id, { region: is(id, 'elsewhere') ? 'us-east-1' : 'eu-west-1' }),
  );
  const index = anIndex(deployments, {
    facts: someFacts({
      isUsable: ({ id }) => !is(id, 'off'),
      maxInputTokensOf: ({ id }) => (is(id, 'too small') ? 5 : 1_000),
    }),
  });
  const group = index.resolve('g')!.groups[0]!;
  for (const [at, one] of conditions.entries()) {
    if (typeof one === 'object') group.targets[at]!.state.changeHealth(one);
  }
  const { code, status, message, facts } = busyError(
    group,
    request,
    { limits: limitsOf(limits), isPreCallChecked: true },
    NOW + 15_000,
  );
  return { code, status, message, retryAfterMs: facts.retryAfterMs, param: facts.param };
};

describe('when no deployment can be chosen', () => {
  it.each<[string, Condition[], number, string]>([
    ['the shortest cooldown', [cooling(75_000), cooling(35_000)], 20_000, 'All of them are cooling down'],
    ['the shortest limit', [3_000, 9_000], 3_000, 'All of them are at their limits.'],
    [
      'the shorter of cooldown and limit',
      [cooling(75_000), 900],
      900,
      'cooling down after failures, or at their limits',
    ],
    ['the cooldown of those that can be used', ['off', cooling(20_000)], 5_000, 'All of them are cooling down'],
    ['the cooldown of those that fit', ['too small', 'elsewhere', cooling(20_000)], 5_000, 'All of them are cooling'],
    ['the end of the minute where the strategy refused one', ['ready', cooling(75_000)], 45_000, 'cooling down'],
  ])('the client is told to come again after %s', (_title, conditions, retryAfterMs, words) => {
    const error = told(conditions, wishing({ region: 'eu' }));
    expect(error).toMatchObject({ code: 'GW_NO_DEPLOYMENT_READY', status: 429, retryAfterMs, param: 'model' });
    expect(error.message).toContain(`Try again in ${Math.ceil(retryAfterMs / 1_000)} seconds. Passed model=g.`);
    expect(error.message).toContain(words);
  });

  it('the client is told to come again after the probe of another', () => {
    const index = anIndex([inGroup('g', 'a')]);
    const group = index.resolve('g')!.groups[0]!;
    group.targets[0]!.state.changeHealth(PROBED);
    const error = busyError(group, aRequest(), { limits: undefined, isPreCallChecked: false }, NOW);
    expect([error.code, error.facts.retryAfterMs]).toEqual(['GW_NO_DEPLOYMENT_READY', 600]);
  });

  it.each<[string, Condition[], string, string]>([
    ['none can be used', ['off', 'off'], 'GW_NO_DEPLOYMENT_USABLE', "No deployment of the model 'g' can be used"],
    ['none is where it may go', ['elsewhere', 'off'], 'GW_NO_DEPLOYMENT_USABLE', "is in the region 'eu'"],
    ['none takes so long a prompt', ['too small', 'elsewhere'], 'GW_CONTEXT_WINDOW_EXCEEDED', 'about 10 tokens'],
    ['none has a limit that it fits', [Infinity], 'GW_NO_DEPLOYMENT_USABLE', 'can be used'],
  ])('the client is not told to come again when %s', (_title, conditions, code, words) => {
    const error = told(conditions, wishing({ region: 'eu' }));
    expect(error).toMatchObject({ code, retryAfterMs: undefined });
    expect(error.message).toContain(words);
  });
});
