import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';

afterEach(removeFolders);

const load = (litellm: object) => loadYaml(JSON.stringify({ litellm_settings: litellm }));

describe('discounts and margins', () => {
  it('are by provider, and one margin is for all', () => {
    const { prices } = load({
      cost_discount_config: { openai: 0.05, anthropic: '0.1' },
      cost_margin_config: {
        global: 0.02,
        openai: { percentage: 0.1, fixed_amount: 0.001 },
        anthropic: { fixed_amount: 1 },
      },
    });
    expect(prices).toEqual({
      discounts: { 'provider.openai': 0.05, 'provider.anthropic': 0.1 },
      margins: { 'provider.openai': { rate: 0.1, fixedUsd: 0.001 }, 'provider.anthropic': { rate: 0, fixedUsd: 1 } },
      margin: { rate: 0.02, fixedUsd: 0 },
    });
  });

  it('of a provider that nobody knows give a warning', () => {
    const config = load({ cost_discount_config: { acme: 0.5 } });
    expect(config.prices.discounts).toEqual({});
    expect(warningsOf(config, 'unresolved')).toEqual([expect.stringContaining('cost_discount_config.acme')]);
  });

  it.each<[object, string]>([
    [{ cost_discount_config: { openai: 5 } }, 'cost_discount_config.openai must be a part from 0 to 1'],
    [{ cost_discount_config: { openai: -0.1 } }, 'cost_discount_config.openai must be'],
    [{ cost_discount_config: { openai: 'much' } }, 'cost_discount_config.openai must be'],
    [{ cost_margin_config: { global: -1 } }, 'cost_margin_config.global must be'],
    [{ cost_margin_config: { openai: { percent: 5 } } }, 'cost_margin_config.openai must be'],
    [{ cost_margin_config: { openai: { fixed_amount: 'x' } } }, 'cost_margin_config.openai must be'],
  ])('%j is refused', (litellm, problem) => expect(problemOf(() => load(litellm))).toContain(problem));
});
