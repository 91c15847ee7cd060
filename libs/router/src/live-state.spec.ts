import { aDeployment, START_OF_TIME } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { DeploymentState, LiveState } from './live-state.js';

const NOW = START_OF_TIME;
const NEXT_MINUTE = NOW + 60_000;

describe('the state of a deployment', () => {
  it('counts the calls under way', () => {
    const state = new DeploymentState();
    state.began(NOW);
    state.began(NOW);
    expect(state.inFlight).toBe(2);
    state.ended(NOW, {});
    expect(state.inFlight).toBe(1);
  });

  it("counts a minute's requests when they begin, its tokens when they are known", () => {
    const state = new DeploymentState();
    state.began(NOW);
    state.began(NOW + 59_000);
    state.ended(NOW + 59_500, { tokens: 30 });
    expect([state.requestsThisMinute(NOW + 59_999), state.tokensThisMinute(NOW + 59_999)]).toEqual([2, 30]);
    expect([state.requestsThisMinute(NEXT_MINUTE), state.tokensThisMinute(NEXT_MINUTE)]).toEqual([0, 0]);
    state.ended(NEXT_MINUTE, { tokens: 5 });
    expect([state.requestsThisMinute(NEXT_MINUTE), state.tokensThisMinute(NEXT_MINUTE)]).toEqual([0, 5]);
  });

  it('knows no speed before the first answer', () => {
    const state = new DeploymentState();
    state.began(NOW);
    state.ended(NOW, { durationMs: 500 });
    expect([state.msPerOutputToken, state.msToFirstToken]).toEqual([undefined, undefined]);
  });

  it('averages its speed, the newest answer counting for a fifth', () => {
    const state = new DeploymentState();
    const answered = (durationMs: number, firstTokenMs: number) =>
      state.ended(NOW, { durationMs, outputTokens: 10, firstTokenMs });
    answered(1_000, 50);
    expect([state.msPerOutputToken, state.msToFirstToken]).toEqual([100, 50]);
    answered(2_000, 100);
    expect([state.msPerOutputToken, state.msToFirstToken]).toEqual([120, 60]);
  });

  it('does not take an answer without tokens for a fast one', () => {
    const state = new DeploymentState();
    state.ended(NOW, { durationMs: 1_000, outputTokens: 10 });
    state.ended(NOW, { durationMs: 1, outputTokens: 0 });
    expect(state.msPerOutputToken).toBe(100);
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
