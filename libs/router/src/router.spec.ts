import type { Deployment } from '@turnpike/domain';
import type { Candidate, SelectV1, SelectionContext } from '@turnpike/plugin-sdk';
import { aDeployment, aSelectionContext, START_OF_TIME } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { LiveState } from './live-state.js';
import { ModelIndex } from './model-index.js';
import { Router, type RouterOptions } from './router.js';

interface Asked {
  candidates: readonly Candidate[];
  context: SelectionContext;
}

/** Deployments named by their upstream models; the strategy remembers what it was asked. */
const aRouter = (deployments: Deployment[], choice: number | (() => number), options: Partial<RouterOptions> = {}) => {
  const asked: Asked[] = [];
  const strategy: SelectV1 = {
    select: (candidates, context) => {
      asked.push({ candidates, context });
      return typeof choice === 'number' ? choice : choice();
    },
  };
  const aliases = { cascade: { targets: ['first', 'second'], hidden: false } };
  const index = new ModelIndex({ deployments, settings: { aliases, unions: { empty: [] } } });
  const state = new LiveState();
  const router = new Router({ index, strategy, state, isUsable: () => true, ...options });
  const choose = (name: string, context: Partial<SelectionContext> = {}): string => {
    const { group, target } = router.choose(router.resolve(name), aSelectionContext(context));
    return `${group}: ${target.model}`;
  };
  return { router, choose, asked, state };
};

const inGroup = (modelName: string, model: string, changes: Partial<Deployment> = {}): Deployment =>
  aDeployment({ id: model, modelName, model, ...changes });

describe('a group of one', () => {
  it('needs no strategy', () => {
    const { choose, asked } = aRouter([inGroup('g', 'a')], -1);
    expect([choose('g'), asked.length]).toEqual(['g: a', 0]);
  });
});

describe('a group of several', () => {
  const three = ['a', 'b', 'c'].map((model) => inGroup('g', model));

  it('is chosen from by the strategy', () => {
    const { choose, asked } = aRouter(three, 1);
    expect(choose('g')).toBe('g: b');
    expect(asked[0]?.candidates.map(({ deployment }) => deployment.id)).toEqual(['a', 'b', 'c']);
  });

  it('shows the strategy what is known of each, and of the call', () => {
    const priceOf: RouterOptions['priceOf'] = ({ model }) => (model === 'a' ? 7 : undefined);
    const { choose, asked, state } = aRouter(three, 0, { priceOf });
    state.of(three[0]!).began(START_OF_TIME);
    state.of(three[1]!).ended(START_OF_TIME, { tokens: 9, outputTokens: 2, durationMs: 10, firstTokenMs: 3 });
    choose('g', { stream: true, promptTokens: 42 });
    expect(asked[0]?.context).toMatchObject({ stream: true, promptTokens: 42, now: START_OF_TIME });
    expect(asked[0]?.candidates).toEqual([
      { deployment: three[0], inFlight: 1, requestsThisMinute: 1, tokensThisMinute: 0, priceNanoUsd: 7 },
      {
        deployment: three[1],
        inFlight: -1,
        requestsThisMinute: 0,
        tokensThisMinute: 9,
        msPerOutputToken: 5,
        msToFirstToken: 3,
      },
      { deployment: three[2], inFlight: 0, requestsThisMinute: 0, tokensThisMinute: 0 },
    ]);
  });

  it('is chosen from among those that can be used', () => {
    const { choose, asked } = aRouter(three, 0, { isUsable: ({ model }) => model !== 'a' });
    expect(choose('g')).toBe('g: b');
    expect(asked[0]?.candidates).toHaveLength(2);
  });

  it('needs no strategy when one of it is left', () => {
    const { choose, asked } = aRouter(three, -1, { isUsable: ({ model }) => model === 'c' });
    expect([choose('g'), asked.length]).toEqual(['g: c', 0]);
  });
});

describe('the order of deployments', () => {
  const ordered = [
    inGroup('g', 'unordered'),
    inGroup('g', 'second', { order: 2 }),
    inGroup('g', 'first-a', { order: 1 }),
    inGroup('g', 'first-b', { order: 1 }),
  ];

  it('comes before the strategy, which sees the lowest only', () => {
    const { choose, asked } = aRouter(ordered, 1);
    expect(choose('g')).toBe('g: first-b');
    expect(asked[0]?.candidates.map(({ deployment }) => deployment.id)).toEqual(['first-a', 'first-b']);
  });

  it('passes on to the next when the lowest cannot be used', () => {
    const isUsable: RouterOptions['isUsable'] = ({ model }) => !model.startsWith('first');
    expect(aRouter(ordered, 0, { isUsable }).choose('g')).toBe('g: second');
  });

  it('passes on to the next when the strategy takes none of the lowest', () => {
    expect(aRouter(ordered, -1).choose('g')).toBe('g: second');
  });
});

describe('a cascade', () => {
  const groups = [inGroup('first', 'a'), inGroup('first', 'b'), inGroup('second', 'c')];

  it('begins with its first group', () => expect(aRouter(groups, 0).choose('cascade')).toBe('first: a'));

  it.each<[string, number, Partial<RouterOptions>]>([
    ['nothing of it can be used', 0, { isUsable: ({ model }) => model === 'c' }],
    ['the strategy takes none of it', -1, {}],
  ])('goes on to the next group when %s', (_title, choice, options) => {
    expect(aRouter(groups, choice, options).choose('cascade')).toBe('second: c');
  });
});

describe('what cannot be routed', () => {
  const pair = ['a', 'b'].map((model) => inGroup('g', model));

  it('is an unknown name, told in words that clients of other gateways know', () => {
    expect(() => aRouter(pair, 0).router.resolve('gpt-unknown')).toThrow(
      expect.objectContaining({
        code: 'GW_UNKNOWN_MODEL',
        status: 400,
        facts: expect.objectContaining({ param: 'model' }),
        message:
          'Invalid model name passed in model=gpt-unknown. Call `/v1/models` to view available models for your key.',
      }),
    );
  });

  it('is not quoted at any length', () => {
    const name = 'x'.repeat(100_000);
    expect(() => aRouter(pair, 0).router.resolve(name)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{200,400}$/) }),
    );
  });

  it.each<[string, string, Partial<RouterOptions>]>([
    ['whose deployments are all off', 'g', { isUsable: () => false }],
    ['without deployments', 'empty', {}],
  ])('is a name %s', (_title, name, options) => {
    expect(() => aRouter(pair, 0, options).choose(name)).toThrow(
      expect.objectContaining({ code: 'GW_NO_DEPLOYMENT_USABLE', message: expect.stringContaining(`'${name}'`) }),
    );
  });

  it.each([-1, 2, Number.NaN])(
    'is a group of which the strategy takes none (%p): it may have room again next minute',
    (choice) => {
      expect(() => aRouter(pair, choice).choose('g', { now: START_OF_TIME + 45_000 })).toThrow(
        expect.objectContaining({
          code: 'GW_NO_DEPLOYMENT_READY',
          facts: expect.objectContaining({ retryAfterMs: 15_000 }),
        }),
      );
    },
  );
});
