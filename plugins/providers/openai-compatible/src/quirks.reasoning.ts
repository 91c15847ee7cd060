// Reasoning: how it is switched on, and how that of earlier turns goes back.
import { isJsonObject, withoutFields, type Call, type JsonObject, type JsonValue } from '@turnpike/plugin-sdk';
import type { Draft } from './draft.js';
import type { Quirks, ReasoningHistory } from './host-row.js';

/** `reasoning_effort` and Anthropic's `thinking: {type, budget_tokens}` in the host's own words. */
export const adaptReasoningControl = (draft: Draft, call: Call, control: Quirks['reasoningControl']): void => {
  const effort = draft.get('reasoning_effort');
  const thinking = draft.get('thinking');
  const wanted = isJsonObject(thinking) ? thinking['type'] !== 'disabled' : undefined;
  const isOn = wanted ?? (typeof effort === 'string' ? effort !== 'none' && effort !== 'disable' : undefined);
  if (isOn === undefined) return;
  const budget = isJsonObject(thinking) ? thinking['budget_tokens'] : undefined;
  switch (control) {
    case 'thinking':
      draft.drop('reasoning_effort');
      switchThinking(draft, call, thinking, isOn);
      return;
    case 'thinking-and-effort':
      // An effort switches thinking on by itself; only "none" needs the switch.
      if (!isOn) draft.drop('reasoning_effort');
      if (!isOn || thinking !== undefined) switchThinking(draft, call, thinking, isOn);
      return;
    case 'enable-thinking':
      draft.drop('reasoning_effort');
      draft.drop('thinking');
      draft.put('enable_thinking', isOn);
      if (isOn && typeof budget === 'number' && budget > 0) draft.put('thinking_budget', budget);
  }
};

/** These hosts have the switch without the budget. */
const switchThinking = (draft: Draft, call: Call, thinking: JsonValue | undefined, isOn: boolean): void => {
  if (isJsonObject(thinking) && 'budget_tokens' in thinking) {
    call.policy.dropped.push('thinking.budget_tokens');
    draft.put('thinking', withoutFields(thinking, ['budget_tokens']));
  } else if (thinking === undefined) {
    draft.put('thinking', { type: isOn ? 'enabled' : 'disabled' });
  }
};

const FIELDS = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks'];

const reasoningOf = (message: JsonObject): string => {
  const text = message['reasoning_content'] ?? message['reasoning'];
  if (typeof text === 'string') return text;
  const blocks = message['thinking_blocks'];
  if (!Array.isArray(blocks)) return '';
  return blocks
    .map((block) => (isJsonObject(block) && typeof block['thinking'] === 'string' ? block['thinking'] : ''))
    .join('');
};

const isSame = (left: JsonObject, right: JsonObject): boolean =>
  Object.keys(left).length === Object.keys(right).length && Object.keys(left).every((key) => left[key] === right[key]);

/** An edit of assistant messages. */
export const reasoningHistoryEdit = (
  draft: Draft,
  call: Call,
  history: ReasoningHistory,
): ((message: JsonObject) => JsonObject) => {
  const isKnown = history.models?.test(call.model) ?? true;
  const write = WRITERS[isKnown ? history.as : 'none'];
  const isThinking = history.as === 'tool-turns' && thinks(draft, call);
  return (message) => {
    const text = reasoningOf(message);
    const bare = withoutFields(message, FIELDS);
    const written = text === '' && history.as !== 'tool-turns' ? bare : write(bare, text, isThinking);
    return isSame(written, message) ? message : written;
  };
};

const withContentBefore = (message: JsonObject, part: JsonObject): JsonObject => {
  const { content } = message;
  const rest: JsonValue[] = Array.isArray(content) ? content : content ? [{ type: 'text', text: content }] : [];
  return { ...message, content: [part, ...rest] };
};

const WRITERS: Readonly<
  Record<ReasoningHistory['as'], (bare: JsonObject, text: string, isThinking: boolean) => JsonObject>
> = {
  none: (bare) => bare,
  reasoning: (bare, text) => ({ ...bare, reasoning: text }),
  'thinking-parts': (bare, text) => withContentBefore(bare, { type: 'thinking', thinking: [{ type: 'text', text }] }),
  'think-tags': (bare, text) => {
    const tagged = `<think>\n${text}\n</think>\n\n`;
    return Array.isArray(bare['content'])
      ? withContentBefore(bare, { type: 'text', text: tagged })
      : { ...bare, content: `${tagged}${typeof bare['content'] === 'string' ? bare['content'] : ''}` };
  },
  // A thinking model wants the reasoning of its tool calls back. Where it is not known, a blank passes.
  'tool-turns': (bare, text, isThinking) => {
    if (!isThinking) return bare;
    const calls = bare['tool_calls'];
    const owes = Array.isArray(calls) && calls.length > 0;
    return text === '' && !owes ? bare : { ...bare, reasoning_content: text || ' ' };
  },
};

const thinks = (draft: Draft, call: Call): boolean => {
  const thinking = draft.get('thinking');
  if (isJsonObject(thinking)) return thinking['type'] !== 'disabled';
  return typeof draft.get('reasoning_effort') === 'string' || /reasoner|-v[4-9]/.test(call.model);
};
