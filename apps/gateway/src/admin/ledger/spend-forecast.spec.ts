import { describe, expect, it } from '@jest/globals';
import { foresee, type SpentDay } from './spend-forecast.js';

const NOW = Date.UTC(2030, 10, 28, 12);

describe('what a month will cost', () => {
  it('is what it cost so far, and for each day that is left the mean of the last seven', () => {
    const days: SpentDay[] = [
      { date: '2030-11-28', spend: 4 },
      { date: '2030-10-31', spend: 100 },
      { date: '2030-11-27', spend: 2 },
    ];
    expect(foresee(days.slice(0, 1).concat(days[2]!), NOW)).toEqual({
      response: [
        { date: '2030-11-27', spend: 2 },
        { date: '2030-11-28', spend: 4 },
        { date: '2030-11-29', predicted_spend: 3 },
        { date: '2030-11-30', predicted_spend: 3 },
      ],
      predicted_spend: 'Current Spend = $6, Predicted = $12',
    });
    expect(foresee(days, NOW)).toMatchObject({ predicted_spend: expect.stringMatching(/^Current Spend = \$6,/) });
  });

  it.each<[string, SpentDay[]]>([
    ['nothing is known', []],
    ['days are none', [{ date: 'soon', spend: 5 }]],
  ])('is nothing where %s', (_title, days) => {
    expect(foresee(days, NOW)).toEqual({ response: [], predicted_spend: 'Current Spend = $0, Predicted = $0' });
  });

  it('has no days left on the last one, also of a year', () => {
    const { response } = foresee([{ date: '2030-12-31', spend: 1 }], Date.UTC(2030, 11, 31, 23, 59));
    expect(response).toEqual([{ date: '2030-12-31', spend: 1 }]);
  });
});
