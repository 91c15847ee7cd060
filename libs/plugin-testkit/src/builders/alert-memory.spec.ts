// The SDK's memory of alerts: here, where there is a host.
import { AlertMemory, type Alert } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { fakeHost } from '../host/fake-host.js';
import { someAlerts } from './call-events.js';

const [budget, deployment, state] = someAlerts() as [Alert, Alert, Alert];

const HOUR_MS = 3_600_000;

const tell = (memory: AlertMemory, ...alerts: Alert[]): Alert[] => {
  const fresh = memory.fresh(alerts);
  memory.told(fresh);
  return fresh;
};

describe('an alert', () => {
  it('is told once, by one of the workers', () => {
    const host = fakeHost();
    const [one, other] = [new AlertMemory(host), new AlertMemory(host)];
    expect(tell(one, ...someAlerts(), deployment)).toHaveLength(3);
    expect(tell(other, ...someAlerts())).toEqual([]);
  });

  it('that did not arrive is told again', () => {
    const memory = new AlertMemory(fakeHost());
    expect(memory.fresh([budget])).toEqual([budget]);
    expect(memory.fresh([budget])).toEqual([budget]);
  });

  it.each([
    ['a budget', budget, 24 * HOUR_MS],
    ['a deployment', deployment, 60_000],
    ['a state', state, HOUR_MS],
  ])('of %s that stays so is told again after a while', (_title, alert, ms) => {
    const host = fakeHost();
    const memory = new AlertMemory(host);
    tell(memory, alert);
    host.clock.advance(ms - 1);
    expect(tell(memory, alert)).toEqual([]);
    host.clock.advance(1);
    expect(tell(memory, alert)).toEqual([alert]);
  });

  it.each<[string, Alert]>([
    ['the end of a state', { ...state, event: 'ended' } as Alert],
    ['a recovery', { ...deployment, event: 'recovered' } as Alert],
    ['the next threshold', { ...budget, spentNanoUsd: 9_600_000_000 } as Alert],
    ['the next period of a budget', { ...budget, resetAt: 1 } as Alert],
    ['another budget', { ...budget, id: 'other' } as Alert],
  ])('is new: %s', (_title, alert) => {
    const memory = new AlertMemory(fakeHost());
    tell(memory, ...someAlerts());
    expect(tell(memory, alert)).toEqual([alert]);
  });

  it('is new when it begins anew', () => {
    const memory = new AlertMemory(fakeHost());
    const ended = { ...state, event: 'ended' } as Alert;
    expect([tell(memory, state), tell(memory, ended), tell(memory, state)]).toEqual([[state], [ended], [state]]);
  });
});
