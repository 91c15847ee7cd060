// Reasoning that a host writes before the answer, as `<think>…</think>`: told apart from the answer, cut anywhere.
import type { AssistantPart, ChatChunk, Emit } from '@turnpike/plugin-sdk';

const OPEN = '<think>';
const CLOSE = '</think>';

export interface ThinkTagOptions {
  /** The model's template holds the opening tag, so the text begins in the middle of the reasoning. */
  isUnopened: boolean;
}

/**
 * One choice's text. Reads tags at the start only: later ones are text that the model wrote about.
 * `opening` nothing but blanks or part of a tag yet · `reasoning` · `between` blanks after the closing tag · `answer`.
 */
class TaggedText {
  private state: 'opening' | 'reasoning' | 'between' | 'answer' = 'opening';
  private held = '';
  private hasBegun = false;

  constructor(
    private readonly isUnopened: boolean,
    private readonly write: (type: 'reasoning-delta' | 'text-delta', text: string) => void,
  ) {}

  push(text: string): void {
    if (this.state === 'answer') {
      this.write('text-delta', text);
      return;
    }
    this.held += text;
    if (this.state === 'opening') this.open();
    if (this.state === 'reasoning') this.reason();
    if (this.state === 'between') this.answer();
  }

  /** Nothing follows: what was held back in case it became a tag is text after all. */
  flush(): void {
    const { held, state } = this;
    this.held = '';
    if (held !== '' && state !== 'between') this.write(state === 'reasoning' ? 'reasoning-delta' : 'text-delta', held);
  }

  private open(): void {
    const begun = this.held.trimStart();
    if (begun === '' || (begun.length < OPEN.length && OPEN.startsWith(begun))) return;
    if (begun.startsWith(OPEN)) {
      this.state = 'reasoning';
      this.held = begun.slice(OPEN.length);
    } else if (this.isUnopened) {
      this.state = 'reasoning';
    } else {
      this.state = 'answer';
      this.flush();
    }
  }

  /** Blanks around the reasoning belong to the tags. */
  private reason(): void {
    if (!this.hasBegun) this.held = this.held.trimStart();
    const end = this.held.indexOf(CLOSE);
    const ready = (
      end === -1 ? this.held.slice(0, this.held.length - heldBack(this.held)) : this.held.slice(0, end)
    ).trimEnd();
    if (ready !== '') {
      this.hasBegun = true;
      this.write('reasoning-delta', ready);
    }
    this.held = this.held.slice(end === -1 ? ready.length : end + CLOSE.length);
    if (end !== -1) this.state = 'between';
  }

  private answer(): void {
    const text = this.held.trimStart();
    this.held = '';
    if (text === '') return;
    this.state = 'answer';
    this.write('text-delta', text);
  }
}

/** How many characters at the end may be the beginning of the closing tag. */
const heldBack = (text: string): number => {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length -= 1) {
    if (CLOSE.startsWith(text.slice(-length))) return length;
  }
  return 0;
};

/** Passes chunks on, with tagged reasoning as reasoning. One per stream. */
export class ThinkTagSplitter {
  private readonly choices = new Map<number, TaggedText>();

  constructor(
    private readonly options: ThinkTagOptions,
    private readonly emit: Emit<ChatChunk>,
  ) {}

  push(chunk: ChatChunk): void {
    if (chunk.type === 'text-delta') {
      this.of(chunk.choice).push(chunk.text);
      return;
    }
    // Whatever else a choice says, its text up to here is complete.
    if (chunk.type === 'finish' || chunk.type === 'tool-call-start') this.choices.get(chunk.choice)?.flush();
    this.emit(chunk);
  }

  /** For streams that end without a `finish`. */
  flush(): void {
    for (const choice of this.choices.values()) choice.flush();
  }

  private of(choice: number): TaggedText {
    let text = this.choices.get(choice);
    if (!text) {
      text = new TaggedText(this.options.isUnopened, (type, written) => this.emit({ type, choice, text: written }));
      this.choices.set(choice, text);
    }
    return text;
  }
}

/** The same for a whole answer. One that was cut short in the middle of its reasoning has no closing tag. */
export const splitThinkTags = (
  content: readonly AssistantPart[],
  isCutShort: boolean,
  options: ThinkTagOptions,
): AssistantPart[] => {
  const index = content.findIndex((part) => part.type === 'text');
  const part = content[index];
  if (part?.type !== 'text') return [...content];
  const isUnopened = options.isUnopened && (isCutShort || part.text.includes(CLOSE));
  let reasoning = '';
  let text = '';
  const tagged = new TaggedText(isUnopened, (type, written) => {
    if (type === 'reasoning-delta') reasoning += written;
    else text += written;
  });
  tagged.push(part.text);
  tagged.flush();
  const parts: AssistantPart[] = [];
  if (reasoning !== '') parts.push({ type: 'reasoning', text: reasoning });
  if (text !== '') parts.push({ ...part, text });
  return [...content.slice(0, index), ...parts, ...content.slice(index + 1)];
};
