// What each Claude model takes: data, so that a new model is a new row.
// docs: https://platform.claude.com/docs/en/about-claude/models/overview,
// https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting, read 2026-11-20

export interface AnthropicModel {
  /** False for a name that no row knows: its limits are a guess and are not enforced. */
  isKnown: boolean;
  maxOutputTokens: number;
  /** Takes `output_config.format` and `strict` tools. */
  hasStructuredOutputs: boolean;
  /** `budget` takes `budget_tokens`, `adaptive` takes an effort; 4.6 takes either. */
  thinking: 'none' | 'budget' | 'adaptive' | 'adaptive-or-budget';
  /** What switches thinking off: a `thinking.type`, leaving the field out, or nothing at all. */
  thinkingOff: 'disabled' | 'between_tools' | 'absent' | 'never';
  /** Efforts above `high` are refused while thinking is off. */
  needsThinkingAboveHigh: boolean;
  hasXhighEffort: boolean;
  /** `temperature` and `top_p`: both at once, either one, or neither (then `top_k` neither). */
  sampling: 'both' | 'either' | 'none';
  /** Takes a `tool_choice` of `any` or `tool`, as far as manual thinking allows it. */
  takesForcedTools: boolean;
  /** Continues a final assistant message. */
  takesPrefill: boolean;
}

const ADAPTIVE_5: AnthropicModel = {
  isKnown: true,
  maxOutputTokens: 128_000,
  hasStructuredOutputs: true,
  thinking: 'adaptive',
  thinkingOff: 'disabled',
  needsThinkingAboveHigh: false,
  hasXhighEffort: true,
  sampling: 'none',
  takesForcedTools: true,
  takesPrefill: false,
};

const NEWEST: AnthropicModel = { ...ADAPTIVE_5, thinkingOff: 'never', takesForcedTools: false };

const ADAPTIVE_4_6: AnthropicModel = {
  ...ADAPTIVE_5,
  thinking: 'adaptive-or-budget',
  hasXhighEffort: false,
  sampling: 'either',
};

const BUDGET_4_5: AnthropicModel = {
  ...ADAPTIVE_4_6,
  maxOutputTokens: 64_000,
  thinking: 'budget',
  thinkingOff: 'absent',
  takesPrefill: true,
};

const BUDGET_4: AnthropicModel = { ...BUDGET_4_5, hasStructuredOutputs: false, sampling: 'both' };

const PLAIN_3: AnthropicModel = { ...BUDGET_4, maxOutputTokens: 4_096, thinking: 'none' };

/** The first match holds. A version is only matched where no further digit of a version follows it. */
const ROWS: readonly (readonly [RegExp, AnthropicModel])[] = [
  [/(opus-5-5|fable-5-1|mythos-5-1)(?!\d)/, NEWEST],
  [/sonnet-5-5(?!\d)/, { ...NEWEST, thinkingOff: 'between_tools', needsThinkingAboveHigh: true }],
  [/haiku-5-5(?!\d)/, ADAPTIVE_5],
  [/opus-5(?!\d|-\d(?!\d))/, { ...ADAPTIVE_5, needsThinkingAboveHigh: true }],
  [/sonnet-5(?!\d|-\d(?!\d))|opus-4-[78](?!\d)/, ADAPTIVE_5],
  [/fable-5(?!\d|-\d(?!\d))|mythos-(5(?!\d|-\d(?!\d))|preview)/, { ...ADAPTIVE_5, thinkingOff: 'never' }],
  [/(opus|sonnet)-4-6(?!\d)/, ADAPTIVE_4_6],
  [/(opus|sonnet|haiku)-4-5(?!\d)/, BUDGET_4_5],
  [/opus-4-1(?!\d)/, { ...BUDGET_4_5, maxOutputTokens: 32_000 }],
  [/sonnet-4(?!\d|-\d(?!\d))/, BUDGET_4],
  [/opus-4(?!\d|-\d(?!\d))/, { ...BUDGET_4, maxOutputTokens: 32_000 }],
  [/3-7-sonnet/, BUDGET_4],
  [/3-5-(sonnet|haiku)/, { ...PLAIN_3, maxOutputTokens: 8_192 }],
  [/claude-(3|v?2|instant)(?!\d)/, PLAIN_3],
];

/** Facts of a model by its name, with or without date, region or vendor around it: `claude-sonnet-4-5@20250929`. */
export const anthropicModel = (name: string): AnthropicModel => {
  const plain = name.toLowerCase().replaceAll('.', '-');
  // Names that are not Claude's belong to other hosts of this format; none of its newer fields is safe there.
  if (!plain.includes('claude')) return { ...PLAIN_3, isKnown: false };
  return ROWS.find(([pattern]) => pattern.test(plain))?.[1] ?? { ...NEWEST, isKnown: false };
};
