import { describe, expect, it } from '@jest/globals';
import { MetricSources } from './metric-sources.js';

describe('metric sources', () => {
  it('are read when somebody asks, not before', () => {
    const sources = new MetricSources();
    let depth = 1;
    sources.register({ name: 'depth', help: 'h', labelNames: ['of'], read: (tell) => tell(depth, ['a']) });
    depth = 7;
    expect(sources.readings()).toEqual([
      { name: 'depth', help: 'h', type: 'gauge', combine: 'sum', labelNames: ['of'], figures: [[7, ['a']]] },
    ]);
  });

  it('cost only their own family when they fail', () => {
    const sources = new MetricSources();
    sources.register({
      name: 'broken',
      help: 'h',
      read: () => {
        throw new Error('away');
      },
    });
    sources.register({ name: 'lopsided', help: 'h', labelNames: ['a'], read: (tell) => tell(1) });
    sources.register({ name: 'whole', help: 'h', read: (tell) => tell(1) });
    expect(sources.readings().map(({ name }) => name)).toEqual(['whole']);
  });

  it('tell nothing of what is no number, and no more than 10,000 figures', () => {
    const sources = new MetricSources();
    sources.register({
      name: 'many',
      help: 'h',
      labelNames: ['n'],
      read: (tell) => {
        tell(NaN, ['nan']);
        for (let n = 0; n < 20_000; n += 1) tell(n, [String(n)]);
      },
    });
    const figures = sources.readings()[0]!.figures;
    expect(figures).toHaveLength(10_000);
    expect(figures[0]).toEqual([0, ['0']]);
  });

  it('can be taken away, and registered again', () => {
    const sources = new MetricSources();
    const source = { name: 'a', help: 'h', read: () => undefined };
    const remove = sources.register(source);
    remove();
    expect(sources.readings()).toEqual([]);
    expect(() => sources.register(source)).not.toThrow();
  });

  it.each([
    ['a name that is none', { name: 'a b' }, /'a b'/],
    ['a label that is none', { name: 'a', labelNames: ['b-c'] }, /'b-c'/],
    ['a name that is taken', { name: 'taken' }, /taken/],
  ])('are refused with %s', (_, source, message) => {
    const sources = new MetricSources();
    sources.register({ name: 'taken', help: 'h', read: () => undefined });
    expect(() => sources.register({ help: 'h', read: () => undefined, ...source })).toThrow(message);
  });
});
