import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOW } from '../test/doubles.js';
import { HEALTHY, withFails, type Health } from './health.js';
import { LiveState, type CallFacts, type DeploymentState } from './live-state.js';

const NEXT_MINUTE = NOW + 60_000;

const aCall = (changes: Partial<CallFacts> = {}): CallFacts => ({
  durationMs: 100,
  tokens: 0,
  outputTokens: 0,
  isFailure: false,
  ...changes,
});

const aState = (): DeploymentState => new LiveState().of({ id: 'd' });

/** Requests, tokens, ended, failed: of the minute. */
const minuteOf = ({ requestsThisMinute, tokensThisMinute, endedThisMinute, failedThisMinute }: DeploymentState) => [
  requestsThisMinute,
  tokensThisMinute,
  endedThisMinute,
  failedThisMinute,
];

const cooling = (forMs: number, from = NOW): Health => ({
  ...HEALTHY,
  coolUntil: from + forMs,
  isProving: true,
  why: 'GW_UPSTREAM_ERROR',
});

describe('the state of a deployment', () => {
  it.each<[string, (state: DeploymentState) => void]>([
    ['answered', (state) => state.ended(NOW, aCall())],
    ['failed', (state) => state.ended(NOW, aCall({ isFailure: true }))],
    ['was left by its client', (state) => state.left(NOW, 0)],
  ])('counts the calls under way: one that %s no longer is', (_title, end) => {
    const state = aState();
    state.began(NOW);
    state.began(NOW);
    end(state);
    expect(state.inFlight).toBe(1);
  });

  it("counts a minute's requests when they begin, the rest when they end", () => {
    const state = aState();
    for (let count = 0; count < 4; count += 1) state.began(NOW);
    state.ended(NOW + 10_000, aCall({ tokens: 30 }));
    state.ended(NOW + 20_000, aCall({ tokens: 5, isFailure: true }));
    state.left(NOW + 59_999, 7);
    expect(minuteOf(state)).toEqual([4, 42, 2, 1]);
  });

  it.each<[string, (state: DeploymentState) => void, number[]]>([
    ['a look', (state) => state.turn(NEXT_MINUTE), [0, 0, 0, 0]],
    ['a begin', (state) => state.began(NEXT_MINUTE), [1, 0, 0, 0]],
    ['an end', (state) => state.ended(NEXT_MINUTE, aCall({ tokens: 5, isFailure: true })), [0, 5, 1, 1]],
  ])('begins at nothing when the minute turns, at %s', (_title, act, expected) => {
    const state = aState();
    state.began(NOW);
    state.began(NOW);
    state.ended(NOW, aCall({ tokens: 9 }));
    act(state);
    expect(minuteOf(state)).toEqual(expected);
    expect(state.inFlight).toBeGreaterThanOrEqual(0);
  });

  it('keeps the calls under way when the minute turns', () => {
    const state = aState();
    state.began(NOW);
    state.turn(NEXT_MINUTE);
    expect(state.inFlight).toBe(1);
  });

  it('keeps the newest 50 samples, oldest first', () => {
    const state = aState();
    for (let at = 0; at < 60; at += 1) {
      state.began(NOW);
      state.ended(NOW + at, aCall({ durationMs: at }));
    }
    expect(state.samples.map(({ durationMs }) => durationMs)).toEqual(Array.from({ length: 50 }, (_, at) => at + 10));
  });

  it('samples what a call was like', () => {
    const state = aState();
    state.began(NOW);
    state.ended(NOW + 900, { durationMs: 800, firstTokenMs: 70, tokens: 30, outputTokens: 20, isFailure: false });
    expect(state.samples).toEqual([
      { at: NOW + 900, durationMs: 800, firstTokenMs: 70, outputTokens: 20, isFailure: false },
    ]);
  });

  it('learns nothing of a call that its client left', () => {
    const state = aState();
    state.began(NOW);
    state.left(NOW, 3);
    expect([state.samples, minuteOf(state)]).toEqual([[], [1, 3, 0, 0]]);
  });
});

describe('LiveState', () => {
  const [stays, goes, busy] = ['stays', 'goes', 'busy'].map((id) => aDeployment({ id }));

  it('has one state for each id', () => {
    const live = new LiveState();
    expect(live.of(stays!)).toBe(live.of(aDeployment({ id: 'stays', model: 'other' })));
    expect(live.of(stays!)).not.toBe(live.of(goes!));
  });

  it('keeps what is known of deployments that stay or still answer, and forgets the others', () => {
    const live = new LiveState();
    const before = [stays!, goes!, busy!].map((deployment) => live.of(deployment));
    before[2]!.began(NOW);
    live.keepOnly([stays!]);
    const after = [stays!, goes!, busy!].map((deployment) => live.of(deployment));
    expect(after.map((state, index) => state === before[index])).toEqual([true, false, true]);
  });
});

/** Workers that know the deployment `d`, and tell each other when they are told to. */
const workers = (...names: string[]) => {
  const lives = new Map(names.map((name) => [name, new LiveState({ isShared: true })]));
  const states = Object.fromEntries(names.map((name) => [name, lives.get(name)!.of({ id: 'd' })]));
  /** @param skewMs how much later it is at those who are told */
  const tell = (from: string, now = NOW, skewMs = 0): void => {
    const reports = JSON.parse(JSON.stringify(lives.get(from)!.reports(now)));
    for (const [name, live] of lives) if (name !== from) live.learn(from, reports, now + skewMs);
  };
  return { ...states, lives, tell } as Record<'a' | 'b' | 'c', DeploymentState> & {
    lives: typeof lives;
    tell: typeof tell;
  };
};

describe('workers that share what they know', () => {
  it('see the sum of all', () => {
    const { a, b, c, tell } = workers('a', 'b', 'c');
    a.began(NOW);
    a.began(NOW);
    a.ended(NOW, aCall({ tokens: 10, isFailure: true }));
    b.began(NOW);
    for (const name of ['a', 'b']) tell(name);
    for (const state of [a, b, c]) {
      expect([state.inFlight, ...minuteOf(state)]).toEqual([2, 3, 10, 1, 1]);
    }
  });

  it('replace what a worker told before', () => {
    const { a, b, tell } = workers('a', 'b');
    for (let count = 1; count <= 3; count += 1) {
      a.began(NOW);
      tell('a');
    }
    expect([b.inFlight, b.requestsThisMinute]).toEqual([3, 3]);
    a.left(NOW, 5);
    tell('a');
    expect([b.inFlight, b.requestsThisMinute, b.tokensThisMinute]).toEqual([2, 3, 5]);
  });

  it('begin each minute at nothing, but for the calls under way', () => {
    const { a, b, tell } = workers('a', 'b');
    a.began(NOW);
    tell('a');
    b.turn(NEXT_MINUTE);
    expect([b.inFlight, ...minuteOf(b)]).toEqual([1, 0, 0, 0, 0]);
    a.began(NEXT_MINUTE);
    tell('a', NEXT_MINUTE);
    expect([b.inFlight, ...minuteOf(b)]).toEqual([2, 1, 0, 0, 0]);
  });

  it('do not count for this minute what was told of the last', () => {
    const { a, b, lives } = workers('a', 'b');
    a.began(NOW);
    a.began(NOW);
    a.ended(NOW, aCall({ tokens: 9, isFailure: true }));
    const late = lives.get('a')!.reports(NOW);
    lives.get('b')!.learn('a', late, NEXT_MINUTE);
    expect([b.inFlight, ...minuteOf(b)]).toEqual([1, 0, 0, 0, 0]);
  });

  it('tell only what changed', () => {
    const { a, lives } = workers('a', 'b');
    const live = lives.get('a')!;
    expect(live.reports(NOW)).toEqual([]);
    a.began(NOW);
    expect(live.reports(NOW)).toHaveLength(1);
    expect(live.reports(NOW)).toEqual([]);
  });

  it('tell nothing when there is nobody else', () => {
    const live = new LiveState();
    live.of({ id: 'd' }).began(NOW);
    expect(live.reports(NOW)).toEqual([]);
  });

  it('know no deployments that only another has', () => {
    const { lives } = workers('a', 'b');
    lives.get('a')!.of({ id: 'new' }).began(NOW);
    lives.get('b')!.learn('a', lives.get('a')!.reports(NOW), NOW);
    expect(lives.get('b')!.of({ id: 'new' }).inFlight).toBe(0);
  });

  it('share their newest samples, at most 5 a time', () => {
    const { a, b, tell } = workers('a', 'b');
    for (let at = 0; at < 8; at += 1) {
      a.began(NOW);
      a.ended(NOW + at, aCall({ durationMs: at }));
    }
    tell('a', NOW + 8);
    tell('a', NOW + 8);
    expect(b.samples.map(({ durationMs }) => durationMs)).toEqual([3, 4, 5, 6, 7]);
  });

  it('know no sample of the future, whatever the clock that told it says', () => {
    const { a, b, tell } = workers('a', 'b');
    a.began(NOW);
    a.ended(NOW + 500, aCall());
    tell('a', NOW + 500, -400);
    expect(b.samples[0]?.at).toBe(NOW + 100);
  });

  it('forget the calls under way of one that is gone; what it did this minute has been done', () => {
    const { a, b, lives, tell } = workers('a', 'b');
    a.began(NOW);
    a.began(NOW);
    a.ended(NOW, aCall({ tokens: 4 }));
    b.began(NOW);
    tell('a');
    lives.get('b')!.forget('a');
    lives.get('b')!.forget('a');
    expect([b.inFlight, ...minuteOf(b)]).toEqual([1, 3, 4, 1, 0]);
    b.turn(NEXT_MINUTE);
    expect([b.inFlight, ...minuteOf(b)]).toEqual([1, 0, 0, 0, 0]);
  });

  it('share a cooldown by its length, since their clocks differ', () => {
    const { a, b, tell } = workers('a', 'b');
    a.changeHealth(cooling(5_000));
    tell('a', NOW + 1_000, 90_000);
    expect(b.health).toMatchObject({ coolUntil: NOW + 91_000 + 4_000, isProving: true, why: 'GW_UPSTREAM_ERROR' });
  });

  it('share its end', () => {
    const { a, b, tell } = workers('a', 'b');
    a.changeHealth(cooling(5_000));
    tell('a');
    a.changeHealth(HEALTHY);
    tell('a', NOW + 5_000);
    expect(b.health).toBe(HEALTHY);
  });

  it('add up the failures that count against allowed_fails', () => {
    const { a, b, c, tell } = workers('a', 'b', 'c');
    a.countFailure(withFails(a.health, 1, 5_000, NOW), 5_000);
    a.countFailure(withFails(a.health, 1, 5_000, NOW), 5_000);
    b.countFailure(withFails(b.health, 1, 5_000, NOW), 5_000);
    tell('a');
    tell('b');
    expect([a.health.fails, b.health.fails, c.health.fails]).toEqual([3, 3, 3]);
  });

  it('tell of each call once', () => {
    const { a, b, tell } = workers('a', 'b');
    a.began(NOW);
    a.ended(NOW, aCall({ isFailure: true }));
    a.countFailure(withFails(a.health, 1, 5_000, NOW), 5_000);
    tell('a');
    a.began(NOW);
    tell('a');
    expect([b.health.fails, b.samples.length, b.inFlight]).toEqual([1, 1, 1]);
  });

  it('end no cooldown of another by counting failures of their own', () => {
    const { a, b, tell } = workers('a', 'b');
    a.changeHealth(cooling(5_000));
    b.countFailure(withFails(b.health, 1, 5_000, NOW), 5_000);
    tell('b');
    expect(a.health.coolUntil).toBe(NOW + 5_000);
  });

  it('still tell of a change of their own after they learned of another', () => {
    const { a, b, c, tell } = workers('a', 'b', 'c');
    a.changeHealth(cooling(60_000));
    b.changeHealth(cooling(5_000));
    tell('b');
    tell('a');
    expect([a, b, c].map(({ health }) => health.coolUntil - NOW)).toEqual([60_000, 60_000, 60_000]);
  });

  it('tell a newcomer all that they know', () => {
    const { a, b, lives, tell } = workers('a', 'b');
    a.began(NOW);
    a.changeHealth(cooling(5_000));
    tell('a');
    const newcomer = new LiveState({ isShared: true });
    const state = newcomer.of({ id: 'd' });
    lives.get('a')!.tellAll();
    newcomer.learn('a', lives.get('a')!.reports(NOW + 1_000), NOW + 1_000);
    expect([state.inFlight, state.health.coolUntil]).toEqual([1, NOW + 5_000]);
    expect([b.inFlight, b.health.coolUntil]).toEqual([1, NOW + 5_000]);
  });

  it('do not tell a newcomer that all is well: it may know better', () => {
    const { lives } = workers('a');
    lives.get('a')!.tellAll();
    expect(lives.get('a')!.reports(NOW)).toMatchObject([{ id: 'd' }]);
    lives.get('a')!.tellAll();
    expect(lives.get('a')!.reports(NOW)[0]).not.toHaveProperty('health');
  });

  it('pass on nothing that they were told', () => {
    const { a, lives, tell } = workers('a', 'b');
    a.began(NOW);
    a.changeHealth(cooling(5_000));
    tell('a');
    expect(lives.get('b')!.reports(NOW)).toEqual([]);
  });
});

describe('whatever workers do and whenever they tell it', () => {
  const NAMES = ['a', 'b', 'c'] as const;
  const steps = fc.array(
    fc.record({
      worker: fc.constantFrom(...NAMES),
      what: fc.constantFrom('began', 'ended', 'failed', 'left', 'told', 'a minute passed'),
      tokens: fc.nat(100),
    }),
    { maxLength: 60 },
  );

  it('all know the same in the end', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const { tell, ...states } = workers(...NAMES);
        const sums = [0, 0, 0, 0, 0];
        let now = NOW;
        const add = (...by: number[]) => by.forEach((amount, at) => (sums[at]! += amount));
        for (const { worker, what, tokens } of sequence) {
          const state = states[worker];
          if (what === 'began') {
            state.began(now);
            add(1, 1);
          } else if (what === 'ended' || what === 'failed') {
            state.ended(now, aCall({ tokens, isFailure: what === 'failed' }));
            add(-1, 0, tokens, 1, what === 'failed' ? 1 : 0);
          } else if (what === 'left') {
            state.left(now, tokens);
            add(-1, 0, tokens);
          } else if (what === 'told') {
            tell(worker, now);
          } else {
            now += 60_000;
            sums.fill(0, 1);
          }
        }
        for (const name of NAMES) tell(name, now);
        for (const name of NAMES) {
          states[name].turn(now);
          expect([states[name].inFlight, ...minuteOf(states[name])]).toEqual(sums);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
