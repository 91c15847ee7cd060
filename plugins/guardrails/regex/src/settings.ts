// Settings: rules of our own, and the words that LiteLLM's content filter and list of banned words are written in.
import { z } from '@turnpike/plugin-sdk';
import { patternProblem } from './patterns.js';
import { PREBUILT, PREBUILT_NAMES } from './prebuilt.js';
import type { Rule } from './rules.js';

const pattern = z
  .string()
  .min(1)
  .max(10_000)
  .superRefine((text, context) => {
    const problem = patternProblem(text);
    if (problem !== undefined) context.addIssue(`The pattern is refused: ${problem}.`);
  });

const keyword = z.string().max(1_000).regex(/\S/, 'A keyword needs more than white space.');

const rule = z
  .strictObject({
    name: z.string().min(1).describe('Named in refusals, logs and masks'),
    description: z.string().optional().describe('Added to the refusal'),
    pattern: pattern.optional().describe('In RE2 syntax'),
    keywords: z.array(keyword).min(1).max(100_000).optional().describe('Whole words or phrases'),
    case_sensitive: z.boolean().optional().describe('By default patterns are and keywords are not'),
    action: z.enum(['block', 'mask', 'log']).default('block'),
    where: z.enum(['request', 'answer', 'both']).default('both'),
    replacement: z.string().optional().describe('What a mask puts in; [NAME_REDACTED] by default'),
  })
  .refine((one) => (one.pattern === undefined) !== (one.keywords === undefined), {
    error: 'A rule has either a pattern or keywords.',
  });

/** LiteLLM writes them in capitals. */
const action = z.enum(['BLOCK', 'MASK', 'block', 'mask']);

const filterPattern = z.discriminatedUnion('pattern_type', [
  z.strictObject({
    pattern_type: z.literal('prebuilt'),
    pattern_name: z.enum(PREBUILT_NAMES),
    name: z.string().optional(),
    action: action.default('BLOCK'),
  }),
  z.strictObject({
    pattern_type: z.literal('regex'),
    pattern,
    name: z.string().min(1),
    action: action.default('BLOCK'),
  }),
]);

const blockedWord = z.strictObject({
  keyword,
  action: action.default('BLOCK'),
  description: z.string().nullish(),
});

export const settingsSchema = z
  .strictObject({
    rules: z.array(rule).default([]),
    patterns: z.array(filterPattern).nullish().describe("LiteLLM's content filter: patterns"),
    blocked_words: z.array(blockedWord).nullish().describe("LiteLLM's content filter: words"),
    banned_keywords_list: z.array(keyword).nullish().describe('Words that stop a call'),
    pattern_redaction_format: z
      .string()
      .nullish()
      .describe('What masks of patterns put in; [{pattern_name}_REDACTED] by default'),
    keyword_redaction_tag: z.string().nullish().describe('What masks of words put in; [KEYWORD_REDACTED] by default'),
  })
  .refine(
    (settings) =>
      [settings.rules, settings.patterns, settings.blocked_words, settings.banned_keywords_list].some(
        (list) => list && list.length > 0,
      ),
    { error: 'There are no rules: give rules, patterns, blocked_words or banned_keywords_list.' },
  );

type Settings = z.output<typeof settingsSchema>;

const PATTERN_FORMAT = '[{pattern_name}_REDACTED]';
const KEYWORD_TAG = '[KEYWORD_REDACTED]';

export const toRules = (settings: Settings): Rule[] => {
  const tag = settings.keyword_redaction_tag ?? KEYWORD_TAG;
  const format = settings.pattern_redaction_format ?? PATTERN_FORMAT;
  return [
    ...settings.rules.map(({ case_sensitive, replacement, ...rest }) => ({
      ...rest,
      isCaseSensitive: case_sensitive ?? rest.pattern !== undefined,
      replacement: replacement ?? redaction(format, rest.name),
    })),
    ...(settings.patterns ?? []).map((one) => patternRule(one, format)),
    ...(settings.blocked_words ?? []).map((word) => ({
      ...wordRule([word.keyword], `keyword ${word.keyword}`, tag),
      action: lower(word.action),
      description: word.description ?? undefined,
    })),
    ...(settings.banned_keywords_list?.length ? [wordRule(settings.banned_keywords_list, 'banned keywords', tag)] : []),
  ];
};

const patternRule = (one: z.output<typeof filterPattern>, format: string): Rule => {
  const name = one.pattern_type === 'prebuilt' ? (one.name ?? one.pattern_name) : one.name;
  return {
    name,
    pattern: one.pattern_type === 'prebuilt' ? PREBUILT[one.pattern_name] : one.pattern,
    // As LiteLLM matches them.
    isCaseSensitive: false,
    action: lower(one.action),
    where: 'both',
    replacement: redaction(format, name),
  };
};

const wordRule = (keywords: readonly string[], name: string, replacement: string): Rule => ({
  name,
  keywords,
  isCaseSensitive: false,
  action: 'block',
  where: 'both',
  replacement,
});

const lower = (written: z.output<typeof action>): 'block' | 'mask' =>
  written.toLowerCase() === 'mask' ? 'mask' : 'block';

const redaction = (format: string, name: string): string =>
  format.replaceAll('{pattern_name}', () => name.toUpperCase().replaceAll(/\s+/g, '_'));
