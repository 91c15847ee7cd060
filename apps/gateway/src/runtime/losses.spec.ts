import { describe, expect, it } from '@jest/globals';
import { until } from '../../test/until.js';
import { Losses } from './losses.js';

describe('losses', () => {
  it('are summed by callback, and told now and then', async () => {
    const told: unknown[] = [];
    const losses = new Losses({ warn: (_message, fields) => void told.push(fields) }, 5);
    losses.add('x', 1);
    losses.add('x', 2);
    losses.add('y', 1);
    expect(told).toEqual([]);
    await until(() => told.length === 2);
    expect(told).toEqual([
      { callback: 'x', count: 3 },
      { callback: 'y', count: 1 },
    ]);
    losses.add('x', 5);
    losses.tell();
    expect(told.at(-1)).toEqual({ callback: 'x', count: 5 });
  });
});
