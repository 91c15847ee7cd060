import { describe, expect, it } from '@jest/globals';
import type { ChatRequest, Message, ReasoningOptions } from '@turnpike/domain';
import { anthropicModel } from './models.js';
import { toThinking, type ThinkingFields } from './to-thinking.js';

interface Case {
  reasoning?: ReasoningOptions;
  maxTokens?: number;
  messages?: Message[];
  drop?: boolean;
}

const think = (model: string, { reasoning, maxTokens, messages = [], drop = false }: Case) => {
  const policy = { provider: 'provider.test', drop, allowed: new Set<string>(), dropped: [] as string[] };
  const request: ChatRequest = { model, messages, stream: false, includeUsage: false, extras: {}, reasoning };
  const facts = anthropicModel(model);
  const fields = toThinking(request, facts, maxTokens ?? facts.maxOutputTokens, policy);
  return { ...fields, dropped: policy.dropped };
};

const adaptive = (effort?: string, display = 'summarized'): ThinkingFields => ({
  mode: 'adaptive',
  thinking: { type: 'adaptive', display },
  effort,
});
const manual = (budget: number, effort?: string): ThinkingFields => ({
  mode: 'manual',
  thinking: { type: 'enabled', budget_tokens: budget },
  effort,
});

const calling = (signature?: string): Message[] => [
  { role: 'user', content: [{ type: 'text', text: 'q' }] },
  {
    role: 'assistant',
    content: [
      ...(signature ? [{ type: 'reasoning' as const, text: 't', signature }] : []),
      { type: 'tool-call', id: 'a', name: 'f', arguments: '{}' },
    ],
  },
  { role: 'tool', toolCallId: 'a', content: [] },
];

describe('toThinking', () => {
  it.each<[string, string, Case, ThinkingFields]>([
    ['says nothing unless asked', 'claude-opus-5', {}, { mode: 'unset' }],
    ['asks a newer model for an effort', 'claude-opus-4-8', { reasoning: { effort: 'medium' } }, adaptive('medium')],
    ['has no less than low', 'claude-sonnet-5', { reasoning: { effort: 'minimal' } }, adaptive('low')],
    ['passes xhigh where it is known', 'claude-opus-4-7', { reasoning: { effort: 'xhigh' } }, adaptive('xhigh')],
    ['raises xhigh to max elsewhere', 'claude-opus-4-6', { reasoning: { effort: 'xhigh' } }, adaptive('max')],
    ['passes max', 'claude-sonnet-4-6', { reasoning: { effort: 'max' } }, adaptive('max')],
    ['leaves the measure to the model', 'claude-opus-5', { reasoning: { budgetTokens: -1 } }, adaptive()],
    [
      'hides the text on demand',
      'claude-opus-5',
      { reasoning: { effort: 'low', includeText: false } },
      adaptive('low', 'omitted'),
    ],
    ['takes a budget where it may', 'claude-opus-4-6', { reasoning: { budgetTokens: 3_000 } }, manual(3_000)],
    [
      'takes a budget and an effort where it may',
      'claude-opus-4-6',
      { reasoning: { budgetTokens: 3_000, effort: 'low' } },
      manual(3_000, 'low'),
    ],
    ['turns efforts into budgets: minimal', 'claude-sonnet-4-5', { reasoning: { effort: 'minimal' } }, manual(1_024)],
    ['turns efforts into budgets: low', 'claude-sonnet-4-5', { reasoning: { effort: 'low' } }, manual(1_024)],
    ['turns efforts into budgets: medium', 'claude-sonnet-4-5', { reasoning: { effort: 'medium' } }, manual(2_048)],
    ['turns efforts into budgets: high', 'claude-sonnet-4-5', { reasoning: { effort: 'high' } }, manual(4_096)],
    ['turns efforts into budgets: xhigh', 'claude-sonnet-4-5', { reasoning: { effort: 'xhigh' } }, manual(8_192)],
    ['turns efforts into budgets: max', 'claude-sonnet-4-5', { reasoning: { effort: 'max' } }, manual(16_384)],
    ['thinks hard when told only to think', 'claude-3-7-sonnet', { reasoning: {} }, manual(4_096)],
    [
      'keeps a budget of its own below max_tokens',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'high' }, maxTokens: 4_000 },
      manual(2_000),
    ],
    [
      'leaves the least budget where max_tokens is hardly more',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'high' }, maxTokens: 1_025 },
      manual(1_024),
    ],
    [
      'switches off',
      'claude-opus-5',
      { reasoning: { effort: 'none' } },
      { mode: 'off', thinking: { type: 'disabled' } },
    ],
    [
      'switches off by budget',
      'claude-opus-4-6',
      { reasoning: { budgetTokens: 0 } },
      { mode: 'off', thinking: { type: 'disabled' } },
    ],
    [
      'switches off as far as possible',
      'claude-sonnet-5-5',
      { reasoning: { effort: 'none' } },
      { mode: 'off', thinking: { type: 'between_tools' } },
    ],
    ['is off by default on older models', 'claude-haiku-4-5', { reasoning: { effort: 'none' } }, { mode: 'off' }],
    [
      'keeps thinking through a tool loop when it is signed',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'low' }, messages: calling('sig') },
      manual(1_024),
    ],
    [
      'needs no replay in adaptive mode',
      'claude-opus-5',
      { reasoning: { effort: 'low' }, messages: calling() },
      adaptive('low'),
    ],
  ])('%s (%s)', (_title, model, input, expected) => expect(think(model, input)).toEqual({ ...expected, dropped: [] }));

  it.each<[string, string, Case, ThinkingFields, string]>([
    [
      'an effort for a budget that the model lacks',
      'claude-opus-5',
      { reasoning: { budgetTokens: 2_000 } },
      adaptive('medium'),
      'thinking.budget_tokens',
    ],
    [
      'a larger budget for one below the least',
      'claude-sonnet-4-5',
      { reasoning: { budgetTokens: 500 } },
      manual(1_024),
      'thinking.budget_tokens',
    ],
    [
      'a smaller budget for one above max_tokens',
      'claude-sonnet-4-5',
      { reasoning: { budgetTokens: 10_000 }, maxTokens: 8_000 },
      manual(4_000),
      'thinking.budget_tokens',
    ],
    [
      'no thinking where a tool loop has lost it',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'low' }, messages: calling() },
      { mode: 'off' },
      'reasoning_effort',
    ],
  ])('gives %s (%s) and tells it', (_title, model, input, expected, param) =>
    expect(think(model, input)).toEqual({ ...expected, dropped: [param] }),
  );

  it.each<[string, string, Case, string, ThinkingFields]>([
    [
      'a model that does not think',
      'claude-3-5-haiku',
      { reasoning: { effort: 'low' } },
      'reasoning_effort',
      { mode: 'off' },
    ],
    ['a model that does not think', 'kimi-k2', { reasoning: { budgetTokens: 2_000 } }, 'thinking', { mode: 'off' }],
    [
      'a model that always thinks',
      'claude-opus-5-5',
      { reasoning: { effort: 'none' } },
      'reasoning_effort',
      { mode: 'unset' },
    ],
    [
      'max_tokens without room for the least budget',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'low' }, maxTokens: 1_024 },
      'reasoning_effort',
      { mode: 'off' },
    ],
    [
      'an effort above high without thinking',
      'claude-opus-5',
      { reasoning: { effort: 'max', budgetTokens: 0 } },
      'reasoning_effort',
      { mode: 'off', thinking: { type: 'disabled' }, effort: 'high' },
    ],
  ])('refuses %s (%s), or drops it on request', (_title, model, input, param, dropped) => {
    expect(() => think(model, input)).toThrow(
      expect.objectContaining({
        code: 'GW_UNSUPPORTED_PARAMETER',
        facts: expect.objectContaining({ param }) as unknown,
      }),
    );
    expect(think(model, { ...input, drop: true })).toEqual({ ...dropped, dropped: [param] });
  });
});
