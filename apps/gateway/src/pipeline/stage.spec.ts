import { describe, expect, it } from '@jest/globals';
import { anExchange } from '../../test/doubles.js';
import type { Exchange } from './exchange.js';
import { around, road, type Stage } from './stage.js';

type AnyStage = Stage<Exchange, Exchange>;

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'] as const;

/** A road whose stages write down that they ran; those that are named do something else. */
const walk = (others: Partial<Record<(typeof NAMES)[number], AnyStage['run']>> = {}) => {
  const ran: string[] = [];
  const stages = NAMES.map((name): AnyStage => ({
    name,
    run: (exchange) => {
      ran.push(name);
      return others[name]?.(exchange) ?? exchange;
    },
  }));
  const made = road(...(stages as Parameters<typeof road>));
  return { ran, go: () => made(anExchange()) };
};

const later = (exchange: Exchange): Promise<Exchange> => new Promise((resolve) => setImmediate(resolve, exchange));
const fault = new Error('refused');

describe('a road', () => {
  it('walks its stages in order, and waits for nothing when none has to', () => {
    const { ran, go } = walk();
    expect(go()).toBeUndefined();
    expect(ran).toEqual(NAMES);
  });

  it('waits for the stages that take their time, and for no others', async () => {
    const { ran, go } = walk({ three: later, six: later });
    const walked = go();
    expect(ran).toEqual(NAMES.slice(0, 3));
    await walked;
    expect(ran).toEqual(NAMES);
  });

  it('ends where a stage throws', () => {
    const { ran, go } = walk({
      two: () => {
        throw fault;
      },
    });
    expect(go).toThrow(fault);
    expect(ran).toEqual(['one', 'two']);
  });

  it('ends where a stage refuses later, also behind one that took its time', async () => {
    const refused = walk({ four: () => Promise.reject(fault) });
    await expect(refused.go()).rejects.toBe(fault);
    expect(refused.ran).toEqual(NAMES.slice(0, 4));
    const thrown = walk({
      two: later,
      five: () => {
        throw fault;
      },
    });
    await expect(thrown.go()).rejects.toBe(fault);
    expect(thrown.ran).toEqual(NAMES.slice(0, 5));
  });

  it('gives every stage the same exchange', () => {
    const seen = new Set<Exchange>();
    const remember = (exchange: Exchange): Exchange => (seen.add(exchange), exchange);
    void walk({ one: remember, four: remember, eight: remember }).go();
    expect(seen.size).toBe(1);
  });
});

describe('a stage around another', () => {
  const inner: AnyStage = {
    name: 'inner',
    run: (exchange) => Object.assign(exchange, { callId: `${exchange.callId}i` }),
  };

  it('decides how often that one runs', () => {
    const runs = (times: number): string => {
      const stage = around<Exchange, AnyStage, Exchange>(
        {
          name: 'outer',
          run: (exchange, within) => {
            for (let count = 0; count < times; count += 1) void within.run(exchange);
            return exchange;
          },
        },
        inner,
      );
      expect(stage.name).toBe('outer around inner');
      return (stage.run(anExchange()) as Exchange).callId;
    };
    expect([runs(0), runs(1), runs(3)]).toEqual(['', 'i', 'iii']);
  });
});
