// Messages → `contents` and `systemInstruction`.
import { isJsonObject, type JsonObject, type Message, type ToolMessage } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { parseClientJson } from '../json-depth.js';
import { toGeminiParts, toGeminiTurn, withSignatures } from './content.js';
import { defined } from './json.js';
import type { GeminiModelFacts } from './model.js';

export interface GeminiContents {
  contents: JsonObject[];
  systemInstruction?: JsonObject;
}

interface Turn {
  /** Results of functions are a user's turn to Gemini, but never share one with what a person said. */
  kind: 'user' | 'model' | 'results';
  parts: JsonObject[];
}

/** Stands where Gemini wants a turn and there is none. */
const BLANK: JsonObject = { text: ' ' };

/**
 * Turns of the same kind that follow each other are merged. Results come in the order of their calls.
 * @param instructions added to what the system messages say
 * @throws GW_INVALID_REQUEST naming the message at fault
 */
export const toGeminiContents = (
  messages: readonly Message[],
  facts: GeminiModelFacts,
  instructions: readonly string[] = [],
): GeminiContents => {
  const turns = new Turns(facts);
  messages.forEach((message, index) => turns.add(message, `messages[${index}]`));
  const system = [...turns.system, ...instructions.map((text) => ({ text }))];
  return placeSystem(system, turns.finished(), facts);
};

class Turns {
  readonly system: JsonObject[] = [];
  private readonly turns: Turn[] = [];
  /** Calls so far: id → the function's name and the call's place among all calls. */
  private readonly calls = new Map<string, { name: string; place: number }>();
  private results: { place: number; parts: JsonObject[] }[] = [];

  constructor(private readonly facts: GeminiModelFacts) {}

  add(message: Message, path: string): void {
    if (message.role === 'tool') return void this.results.push(this.result(message, path));
    this.flush();
    switch (message.role) {
      case 'system':
        return void this.system.push(...toGeminiParts(message.content));
      case 'user':
        return this.push('user', toGeminiParts(message.content));
      case 'assistant':
        for (const part of message.content) {
          if (part.type === 'tool-call') this.calls.set(part.id, { name: part.name, place: this.calls.size });
        }
        return this.push('model', toGeminiTurn(message.content, path));
    }
  }

  finished(): Turn[] {
    this.flush();
    if (this.facts.needsSignatures) {
      for (const turn of this.turns) if (turn.kind === 'model') turn.parts = withSignatures(turn.parts);
    }
    return this.turns;
  }

  private push(kind: Turn['kind'], parts: JsonObject[]): void {
    if (parts.length === 0) return;
    const last = this.turns.at(-1);
    if (last?.kind === kind) last.parts.push(...parts);
    else this.turns.push({ kind, parts });
  }

  private flush(): void {
    const ordered = this.results.sort((left, right) => left.place - right.place);
    this.results = [];
    this.push(
      'results',
      ordered.flatMap(({ parts }) => parts),
    );
  }

  private result(message: ToolMessage, path: string): { place: number; parts: JsonObject[] } {
    const call = this.calls.get(message.toolCallId);
    const name = call?.name ?? message.name;
    if (!name) {
      const problem = `'${message.toolCallId}' is the id of no tool call in the messages before it.`;
      throw invalidRequest(problem, `${path}.tool_call_id`);
    }
    const media = toGeminiParts(message.content.filter((part) => part.type !== 'text'));
    // Only data may stand inside a response, no addresses.
    const isInside = (part: JsonObject) => this.facts.hasResponseParts && part['inlineData'] !== undefined;
    const inside = media.filter(isInside);
    const functionResponse = defined({
      id: message.toolCallId || undefined,
      name,
      response: toResponse(message),
      parts: inside.length > 0 ? inside : undefined,
    });
    const beside = media.filter((part) => !isInside(part));
    return { place: call?.place ?? Infinity, parts: [{ functionResponse }, ...beside] };
  }
}

/** Gemini wants an object: a result that is none is put into one. */
const toResponse = (message: ToolMessage): JsonObject => {
  const text = message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  if (message.isError) return { error: text };
  try {
    const value = parseClientJson(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Plain text, which most tools answer with.
  }
  return { result: text };
};

const placeSystem = (system: JsonObject[], turns: Turn[], facts: GeminiModelFacts): GeminiContents => {
  const isAlone = turns.length === 0;
  const apart = facts.hasSystemInstruction && !isAlone && system.length > 0;
  if (!apart && system.length > 0) {
    const [first] = turns;
    if (first?.kind === 'user') first.parts.unshift(...system);
    else turns.unshift({ kind: 'user', parts: [...system] });
  }
  if (turns[0]?.kind !== 'user') turns.unshift({ kind: 'user', parts: [BLANK] });
  const contents = turns.map(({ kind, parts }) => ({ role: kind === 'model' ? 'model' : 'user', parts }));
  return apart ? { contents, systemInstruction: { parts: system } } : { contents };
};
