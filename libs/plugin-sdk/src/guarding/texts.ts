// The texts of a request and of an answer, for guardrails: read one by one, or changed with everything else left as it is.
import type { AssistantPart, ChatChoice, ChatRequest, ChatResponse, ContentPart, Message } from '@turnpike/domain';
import { changeJsonTexts } from './json-texts.js';

/** Where a text stands. */
export interface TextPlace {
  readonly role: Message['role'];
  /** `argument` is one string or number of a tool call's arguments; a tool call whose arguments are no JSON is one. */
  readonly kind: 'text' | 'refusal' | 'reasoning' | 'transcript' | 'argument';
  /** Property that an argument is the value of. */
  readonly key?: string;
}

/** @returns the text itself when there is nothing to change */
export type ChangeText = (text: string, place: TextPlace) => string;

/**
 * Shows every text of the messages, in order: text parts, refusals, reasoning, transcripts and tool call arguments.
 * Pictures, sounds, files, names and tool definitions are not shown.
 * @returns the request itself when nothing was changed
 */
export const changeRequestTexts = (request: ChatRequest, change: ChangeText): ChatRequest => {
  const messages = changeAll(request.messages, (message) => changeMessage(message, change));
  return messages === request.messages ? request : { ...request, messages };
};

/**
 * The same for an answer. A choice that was changed loses its log probabilities, which spell the text that it had.
 * @returns the answer itself when nothing was changed
 */
export const changeResponseTexts = (response: ChatResponse, change: ChangeText): ChatResponse => {
  const choices = changeAll(response.choices, (choice) => changeChoice(choice, change));
  return choices === response.choices ? response : { ...response, choices };
};

export interface PlacedText extends TextPlace {
  readonly text: string;
}

/** Every text that `changeRequestTexts` shows, in its order. */
export const textsOfRequest = (request: ChatRequest): PlacedText[] =>
  collected((collect) => changeRequestTexts(request, collect));

/** Every text that `changeResponseTexts` shows, in its order. */
export const textsOfResponse = (response: ChatResponse): PlacedText[] =>
  collected((collect) => changeResponseTexts(response, collect));

/** @param texts as many as `textsOfRequest` gave, in its order */
export const withRequestTexts = (request: ChatRequest, texts: readonly string[]): ChatRequest =>
  changeRequestTexts(request, inOrder(texts));

/** @param texts as many as `textsOfResponse` gave, in its order */
export const withResponseTexts = (response: ChatResponse, texts: readonly string[]): ChatResponse =>
  changeResponseTexts(response, inOrder(texts));

const collected = (show: (collect: ChangeText) => void): PlacedText[] => {
  const texts: PlacedText[] = [];
  show((text, place) => {
    texts.push({ ...place, text });
    return text;
  });
  return texts;
};

const inOrder = (texts: readonly string[]): ChangeText => {
  let next = 0;
  return (text) => texts[next++] ?? text;
};

const changeMessage = (message: Message, change: ChangeText): Message => {
  // The parts of each role are told apart by their type alone.
  const parts = message.content as (ContentPart | AssistantPart)[];
  const content = changeAll(parts, (part) => changePart(part, message.role, change));
  return content === parts ? message : ({ ...message, content } as Message);
};

const changeChoice = (choice: ChatChoice, change: ChangeText): ChatChoice => {
  const content = changeAll(choice.content, (part) => changePart(part, 'assistant', change));
  if (content === choice.content) return choice;
  const { logprobs: _spelt, ...rest } = choice;
  return { ...rest, content };
};

const changePart = <P extends ContentPart | AssistantPart>(part: P, role: Message['role'], change: ChangeText): P => {
  switch (part.type) {
    case 'text':
    case 'refusal': {
      const text = change(part.text, { role, kind: part.type });
      return text === part.text ? part : { ...part, text };
    }
    case 'reasoning': {
      const text = change(part.text, { role, kind: 'reasoning' });
      if (text === part.text) return part;
      // A signature vouches for the text that it was given for; with any other the provider refuses the whole call.
      const { signature: _void, ...unsigned } = part;
      return { ...unsigned, text } as P;
    }
    case 'tool-call': {
      const text = changeJsonTexts(part.arguments, (argument, key) =>
        change(argument, key === undefined ? { role, kind: 'argument' } : { role, kind: 'argument', key }),
      );
      return text === part.arguments ? part : { ...part, arguments: text };
    }
    case 'audio': {
      if (part.transcript === undefined) return part;
      const transcript = change(part.transcript, { role, kind: 'transcript' });
      return transcript === part.transcript ? part : { ...part, transcript };
    }
    default:
      return part;
  }
};

/** @returns the list itself when every entry stayed the same object */
const changeAll = <T>(list: T[], change: (entry: T) => T): T[] => {
  const changed = list.map(change);
  return changed.every((entry, index) => entry === list[index]) ? list : changed;
};
