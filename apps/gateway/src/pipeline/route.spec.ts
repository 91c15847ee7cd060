import { describe, expect, it } from '@jest/globals';
import { aRecalled, aRuntime, aSnapshot, aWholeAnswer } from '../../test/road.js';
import { route, type CallStage } from './route.js';

/** A prompt of which 100 tokens are the most that is possible, and 25 the estimate. */
const RAW = Buffer.alloc(100);

const answers: CallStage = { name: 'call', run: async () => aWholeAnswer('answer') };

const routed = async (maxInputTokens: number, counted: number | undefined, enablePreCallChecks = true) => {
  const texts: string[] = [];
  const { runtime } = aRuntime({ tokens: { count: async (text: string) => (texts.push(text), counted) } });
  const snapshot = aSnapshot({ settings: { enablePreCallChecks }, maxInputTokens });
  const exchange = aRecalled(snapshot, { body: { messages: [{ content: 'Hello' }] } }, { raw: RAW });
  await route(runtime).run(exchange, answers);
  const { promptTokens, certainPromptTokens } = exchange.routing!.request;
  return { texts, told: [promptTokens, certainPromptTokens] };
};

describe('a call', () => {
  it('that is answered from the cache is sent to nobody', () => {
    const answer = aWholeAnswer('kept');
    const exchange = aRecalled(aSnapshot(), { answer, cache: 'hit' });
    expect(route(aRuntime().runtime).run(exchange, answers)).toBe(exchange);
    expect([exchange.answer, exchange.routing]).toEqual([answer, undefined]);
  });

  it('has the answer of whom it was sent to', async () => {
    const exchange = aRecalled();
    await route(aRuntime().runtime).run(exchange, answers);
    expect([exchange.answer, exchange.attempt?.target.model]).toEqual([aWholeAnswer('answer'), 'a']);
  });
});

describe('prompt tokens', () => {
  it.each<[string, number, boolean]>([
    ['the prompt fits, however its tokens are counted', 100, true],
    ['nobody checks whether it fits', 10, false],
  ])('are estimated where %s', async (_title, maxInputTokens, isChecked) => {
    expect(await routed(maxInputTokens, 42, isChecked)).toEqual({ texts: [], told: [25, 0] });
  });

  it('are counted where the prompt may be too long: of its words alone', async () => {
    expect(await routed(99, 42)).toEqual({ texts: ['Hello'], told: [42, 42] });
  });

  it('are estimated, and certain of nothing, where they could not be counted', async () => {
    expect((await routed(99, undefined)).told).toEqual([25, 0]);
  });
});
