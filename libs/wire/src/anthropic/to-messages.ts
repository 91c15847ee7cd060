// Messages → `system` and strictly alternating turns, as the API wants them.
import type { JsonObject, Message } from '@turnpike/domain';
import type { ParameterPolicy } from '../parameters.js';
import { PLACEHOLDER, toAnthropicBlocks, toAssistantBlocks, toToolResult } from './to-content.js';
import { reportDropped } from './dropped.js';
import { ToolIds } from './tool-ids.js';

export interface TurnOptions {
  /** False: signed thinking stays out. It is refused beside a forced tool call, and ignored while thinking is off. */
  keepsThinking: boolean;
  /** The model may continue a final assistant turn. */
  takesPrefill: boolean;
  policy: ParameterPolicy;
}

interface UserTurn {
  role: 'user';
  /** Results come before all else of the turn. */
  results: JsonObject[];
  content: JsonObject[];
}

interface AssistantTurn {
  role: 'assistant';
  content: JsonObject[];
}

type Turn = UserTurn | AssistantTurn;

/** System and developer messages, wherever they stand, go to `system` in their order. @throws GW_INVALID_REQUEST */
export const toAnthropicMessages = (
  messages: readonly Message[],
  options: TurnOptions,
): { system: JsonObject[]; messages: JsonObject[] } => {
  const { system, turns } = toTurns(messages, options);
  if (turns[0]?.role !== 'user') turns.unshift(userTurn());
  answerEveryCall(turns);
  endWithUser(turns, options.takesPrefill);
  return { system, messages: turns.map(toMessage) };
};

const userTurn = (): UserTurn => ({ role: 'user', results: [], content: [] });

const toTurns = (
  messages: readonly Message[],
  { keepsThinking, policy }: TurnOptions,
): { system: JsonObject[]; turns: Turn[] } => {
  const system: JsonObject[] = [];
  const turns: Turn[] = [];
  const ids = new ToolIds();
  const lastUserTurn = (): UserTurn => {
    const last = turns.at(-1);
    if (last?.role === 'user') return last;
    const turn = userTurn();
    turns.push(turn);
    return turn;
  };
  messages.forEach((message, index) => {
    const path = `messages[${index}]`;
    if (message.name && message.role !== 'tool') reportDropped(policy, 'messages.name');
    switch (message.role) {
      case 'system':
        system.push(...toAnthropicBlocks(message.content, `${path}.content`, policy));
        return;
      case 'user':
        lastUserTurn().content.push(...toAnthropicBlocks(message.content, `${path}.content`, policy));
        return;
      case 'tool':
        lastUserTurn().results.push(
          toToolResult(ids.result(message.toolCallId), message.content, message.isError, `${path}.content`, policy),
        );
        return;
      case 'assistant':
        addAssistant(
          turns,
          toAssistantBlocks(message.content, path, (id) => ids.call(id)),
          keepsThinking,
        );
    }
  });
  return { system, turns };
};

/** A message without content says nothing, so it makes no turn. */
const addAssistant = (turns: Turn[], blocks: JsonObject[], keepsThinking: boolean): void => {
  const kept = keepsThinking ? blocks : blocks.filter((block) => !isThinking(block));
  if (kept.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === 'assistant') last.content.push(...kept);
  else turns.push({ role: 'assistant', content: kept });
};

const isThinking = ({ type }: JsonObject): boolean => type === 'thinking' || type === 'redacted_thinking';

const NO_RESULT = 'This tool call was given no result.';

/** The API refuses a call whose result is not in the very next turn; clients lose results when a user interrupts. */
const answerEveryCall = (turns: Turn[]): void => {
  for (let index = 0; index < turns.length; index += 1) {
    const turn = turns[index]!;
    if (turn.role !== 'assistant') continue;
    const calls = turn.content.filter((block) => block['type'] === 'tool_use').map((block) => block['id']);
    if (calls.length === 0) continue;
    let next = turns[index + 1];
    if (next?.role !== 'user') turns.splice(index + 1, 0, (next = userTurn()));
    const answered = new Set(next.results.map((result) => result['tool_use_id']));
    for (const id of calls) {
      if (answered.has(id)) continue;
      next.results.push({ type: 'tool_result', tool_use_id: id, content: NO_RESULT, is_error: true });
    }
  }
};

/** OpenAI's clients may end on an assistant message and expect another; most models refuse to go on from one. */
const endWithUser = (turns: Turn[], takesPrefill: boolean): void => {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return;
  if (!takesPrefill) {
    turns.push({ role: 'user', results: [], content: [{ type: 'text', text: 'Continue.' }] });
    return;
  }
  const text = last.content.at(-1);
  // Trailing white space there is refused.
  if (text && typeof text['text'] === 'string') text['text'] = text['text'].trimEnd();
};

const toMessage = (turn: Turn): JsonObject => {
  const content = turn.role === 'user' ? [...turn.results, ...turn.content] : turn.content;
  const blocks = content.length > 0 ? content : [PLACEHOLDER];
  const [first] = blocks;
  const isPlain = blocks.length === 1 && first?.['type'] === 'text' && !first['cache_control'];
  return { role: turn.role, content: isPlain ? (first['text'] ?? '') : blocks };
};
