import { describe, expect, it } from '@jest/globals';
import type { MetricSource } from '@turnpike/telemetry';
import { someMetrics } from '../../test/doubles.js';
import { exposedSource, maxRowsOf, summedTables, tablesOf, unknownNames } from './exposed-tables.js';

const source: MetricSource = {
  name: 'litellm_remaining_team_budget_metric',
  help: 'h',
  combine: 'min',
  labelNames: ['team', 'team_alias'],
  read: (tell) => {
    tell(1, ['t1', 'Red']);
    tell(2, ['t2', 'Red']);
    tell(3, ['t3', 'Blue']);
  },
};

const told = (exposed: MetricSource | undefined): unknown[] => {
  const figures: unknown[] = [];
  exposed?.read((...figure) => void figures.push(figure));
  return figures;
};

describe('a source', () => {
  it('is told as it is unless the settings say otherwise', () => {
    expect(exposedSource(source, someMetrics())).toBe(source);
  });

  it.each([
    ['it is excluded', { excludedMetrics: ['litellm_remaining_team_budget_metric'] }],
    ['others are asked for', { groups: [{ metrics: ['litellm_spend_metric'], labels: undefined }] }],
  ])('is not told when %s', (_, settings) => {
    expect(exposedSource(source, someMetrics(settings))).toBeUndefined();
  });

  it('of our own is told whatever others are asked for', () => {
    const settings = someMetrics({ groups: [{ metrics: ['litellm_spend_metric'], labels: undefined }] });
    expect(exposedSource({ ...source, name: 'turnpike_workers' }, settings)).toBeDefined();
  });

  it('is told without the labels that nobody wants', () => {
    for (const settings of [
      { excludedLabels: ['team'] },
      { groups: [{ metrics: [source.name], labels: ['team_alias', 'model'] }] },
    ]) {
      const exposed = exposedSource(source, someMetrics(settings));
      expect(exposed?.labelNames).toEqual(['team_alias']);
      expect(told(exposed)).toEqual([
        [1, ['Red'], undefined],
        [2, ['Red'], undefined],
        [3, ['Blue'], undefined],
      ]);
    }
  });

  it('is told in bounded number', () => {
    expect(told(exposedSource(source, someMetrics({ maxSeries: 2 })))).toHaveLength(2);
  });
});

describe('the tables', () => {
  it('hold as many label sets as the settings say, else fewer of histograms', () => {
    const { calls, latencies } = tablesOf(someMetrics());
    expect([calls, latencies].map((spec) => maxRowsOf(spec, someMetrics()))).toEqual([2_000, 300]);
    expect([calls, latencies].map((spec) => maxRowsOf(spec, { maxSeries: 7 }))).toEqual([7, 7]);
  });

  it('have each name once, and names that Prometheus takes', () => {
    const names = summedTables(someMetrics()).flatMap(({ spec }) =>
      Object.values(spec.families).map(({ name }) => name),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^(?:litellm|turnpike)_[a-z_]+$/);
  });

  it('tell counters under names that end as those of counters do', () => {
    for (const { spec } of summedTables(someMetrics()))
      for (const { name, type } of Object.values(spec.families))
        expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  });
});

describe('names in the settings', () => {
  it('that there are not are told, with or without the ending of counters', () => {
    const settings = someMetrics({
      groups: [{ metrics: ['litellm_spend_metric', 'litellm_spent_metric', source.name], labels: ['model', 'modell'] }],
      excludedMetrics: ['litellm_requests_metric_total', 'nothing'],
      excludedLabels: ['team_alias', 'nobody'],
    });
    expect(unknownNames(settings, [source])).toEqual(['litellm_spent_metric', 'nothing', 'modell', 'nobody']);
  });
});
