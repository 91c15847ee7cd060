import { describe, expect, it } from '@jest/globals';
import { Faults, type JournalFault } from './faults.js';

describe('faults', () => {
  const listening = () => {
    const told: JournalFault[] = [];
    const recovered: string[] = [];
    const faults = new Faults('worker-2', {
      onFault: (fault) => told.push(fault),
      onRecovery: (kind, worker) => recovered.push(`${worker} ${kind}`),
    });
    return { faults, told, recovered };
  };

  it('that last are told once, and counted each time', () => {
    const { faults, told } = listening();
    const cause = new Error('ENOSPC');
    for (let count = 0; count < 3; count += 1) faults.failed('write', 'It fails.', cause);
    expect(told).toEqual([{ kind: 'write', worker: 'worker-2', message: 'It fails. (ENOSPC)', cause }]);
    expect(faults.counts.write).toBe(3);
  });

  it('that are over are told once, and told again when they come back', () => {
    const { faults, told, recovered } = listening();
    faults.worked('write');
    faults.failed('write', 'It fails.', 'why');
    faults.worked('ship');
    faults.worked('write');
    faults.worked('write');
    faults.failed('write', 'It fails.', 'why');
    expect([recovered, told.length]).toEqual([['worker-2 write'], 2]);
  });

  it('that are single events are told each time', () => {
    const { faults, told } = listening();
    faults.happened('damage', 'a');
    faults.happened('damage', 'b');
    expect([told.map(({ message }) => message), faults.counts.damage]).toEqual([['a', 'b'], 2]);
  });
});
