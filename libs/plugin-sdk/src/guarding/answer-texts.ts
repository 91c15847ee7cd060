// An answer that comes in chunks, its texts taken out, changed and put back: what `changeResponseTexts` is for the whole.
import type { ChatChunk } from '@turnpike/domain';
import type { AnswerStreamV1, GuardrailBlock, MaskedCounts, StreamVerdict } from '../contracts/guardrail/v1/index.js';
import { changeJsonTexts } from './json-texts.js';
import { JsonEnd } from './json-end.js';
import { AnswerBlocked, passThrough, type TextStream } from './text-stream.js';
import type { TextPlace } from './texts.js';

export const isGuardrailBlock = (verdict: StreamVerdict): verdict is GuardrailBlock => !Array.isArray(verdict);

/**
 * Texts pass as their streams let them. The arguments of a tool call pass when they are complete, since JSON can only be
 * read as a whole. Log probabilities spell texts, so there are none from the first text on that was changed.
 * @param open makes a stream for each text of the answer, and for each in the arguments of a tool call
 * @param masked what was put in the place of what, so far
 */
export const guardAnswerTexts = (
  open: (place: TextPlace) => TextStream,
  masked?: () => MaskedCounts | undefined,
): AnswerStreamV1 => new AnswerTexts(open, masked);

type Open = (place: TextPlace) => TextStream;
type ChoiceChunk = Extract<ChatChunk, { choice: number }>;

class AnswerTexts implements AnswerStreamV1 {
  private readonly choices = new Map<number, ChoiceTexts>();

  constructor(
    private readonly open: Open,
    private readonly count: (() => MaskedCounts | undefined) | undefined,
  ) {}

  get masked(): MaskedCounts | undefined {
    return this.count?.();
  }

  push(chunk: ChatChunk): StreamVerdict {
    if (!('choice' in chunk)) return [chunk];
    return unlessBlocked((out) => this.choice(chunk.choice).push(chunk, out));
  }

  end(): StreamVerdict {
    return unlessBlocked((out) => {
      for (const choice of this.choices.values()) choice.close(out);
    });
  }

  private choice(index: number): ChoiceTexts {
    let choice = this.choices.get(index);
    if (!choice) this.choices.set(index, (choice = new ChoiceTexts(index, this.open)));
    return choice;
  }
}

const unlessBlocked = (run: (out: ChatChunk[]) => void): StreamVerdict => {
  const out: ChatChunk[] = [];
  try {
    run(out);
    return out;
  } catch (error) {
    if (error instanceof AnswerBlocked) return error.verdict;
    throw error;
  }
};

/** A text that still grows, and what came with it. */
interface Growing {
  readonly kind: 'text-delta' | 'refusal-delta' | 'reasoning-delta' | 'audio-delta';
  readonly stream: TextStream;
  readonly chunkOf: (text: string) => ChatChunk;
  pushed: number;
  /** What belongs to so many characters, and passes when they have. */
  readonly companions: { readonly at: number; readonly chunk: ChatChunk }[];
}

/** Bounds what one tool call may keep in memory. */
const MOST_ARGUMENTS = 4 * 1024 * 1024;

interface HeldCall {
  json: string;
  readonly end: JsonEnd;
}

class ChoiceTexts {
  private text: Growing | undefined;
  private transcript: Growing | undefined;
  private readonly calls = new Map<number, HeldCall>();
  private isChanged = false;

  constructor(
    private readonly choice: number,
    private readonly open: Open,
  ) {}

  push(chunk: ChoiceChunk, out: ChatChunk[]): void {
    switch (chunk.type) {
      case 'text-delta':
      case 'refusal-delta':
      case 'reasoning-delta':
        return this.grow(chunk, out);
      case 'reasoning-signature':
        return this.sign(chunk, out);
      case 'logprobs':
      case 'annotations':
        return this.accompany(chunk, out);
      case 'audio-delta':
        return this.listen(chunk, out);
      case 'tool-call-start':
        this.closeText(out);
        this.calls.set(chunk.index, newCall());
        break;
      case 'tool-call-delta':
        return this.argue(chunk, out);
      case 'image':
        this.closeText(out);
        break;
      case 'finish':
        this.close(out);
    }
    out.push(chunk);
  }

  close(out: ChatChunk[]): void {
    this.closeText(out);
    this.finish(this.transcript, out);
    this.transcript = undefined;
    for (const [index, { json }] of this.calls) this.release(index, json, out);
    this.calls.clear();
  }

  private grow(
    { type, text }: Extract<ChoiceChunk, { type: 'text-delta' | 'refusal-delta' | 'reasoning-delta' }>,
    out: ChatChunk[],
  ): void {
    let growing = this.text;
    if (growing?.kind !== type) {
      this.closeText(out);
      this.text = growing = this.growing(type, (given) => ({ type, choice: this.choice, text: given }));
    }
    this.feed(growing, text, out);
  }

  /** A signature vouches for the reasoning that it was given for. */
  private sign(chunk: Extract<ChoiceChunk, { type: 'reasoning-signature' }>, out: ChatChunk[]): void {
    const { text } = this;
    this.closeText(out);
    const isVoid = text?.kind === 'reasoning-delta' && text.stream.isChanged && chunk.redacted === undefined;
    if (!isVoid) out.push(chunk);
  }

  private accompany(chunk: Extract<ChoiceChunk, { type: 'logprobs' | 'annotations' }>, out: ChatChunk[]): void {
    if (this.text) {
      this.text.companions.push({ at: this.text.pushed, chunk });
      this.letCompanionsGo(this.text, out);
    } else if (chunk.type !== 'logprobs' || !this.isChanged) out.push(chunk);
  }

  /** The sound passes; what is said in it is a text. */
  private listen(chunk: Extract<ChoiceChunk, { type: 'audio-delta' }>, out: ChatChunk[]): void {
    const { transcript, ...sound } = chunk.audio;
    if (typeof transcript !== 'string') {
      out.push(chunk);
      return;
    }
    if (!this.transcript) this.closeText(out);
    this.transcript ??= this.growing('audio-delta', (said) => ({
      type: 'audio-delta',
      choice: this.choice,
      audio: { transcript: said },
    }));
    if (Object.keys(sound).length > 0) out.push({ ...chunk, audio: sound });
    this.feed(this.transcript, transcript, out);
  }

  private argue(
    { index, arguments: piece }: Extract<ChoiceChunk, { type: 'tool-call-delta' }>,
    out: ChatChunk[],
  ): void {
    let call = this.calls.get(index);
    if (!call) this.calls.set(index, (call = newCall()));
    call.json += piece;
    if (call.json.length > MOST_ARGUMENTS)
      throw new Error(`The arguments of a tool call are longer than ${MOST_ARGUMENTS} characters.`);
    if (!call.end.isAfter(piece)) return;
    this.calls.delete(index);
    this.release(index, call.json, out);
  }

  private release(index: number, json: string, out: ChatChunk[]): void {
    if (json === '') return;
    const changed = changeJsonTexts(json, (text, key) => passThrough(this.open(argumentAt(key)), text));
    if (changed !== json) this.isChanged = true;
    out.push({ type: 'tool-call-delta', choice: this.choice, index, arguments: changed });
  }

  private growing(kind: Growing['kind'], chunkOf: Growing['chunkOf']): Growing {
    return { kind, chunkOf, stream: this.open(PLACES[kind]), pushed: 0, companions: [] };
  }

  private feed(growing: Growing, piece: string, out: ChatChunk[]): void {
    growing.pushed += piece.length;
    this.give(growing, growing.stream.push(piece), out);
    this.letCompanionsGo(growing, out);
  }

  private give({ stream, chunkOf }: Growing, text: string, out: ChatChunk[]): void {
    if (stream.isChanged) this.isChanged = true;
    if (text !== '') out.push(chunkOf(text));
  }

  private letCompanionsGo({ stream, pushed, companions }: Growing, out: ChatChunk[]): void {
    const settled = pushed - stream.held;
    while (companions.length > 0 && companions[0]!.at <= settled) {
      const { chunk } = companions.shift()!;
      if (chunk.type !== 'logprobs' || !this.isChanged) out.push(chunk);
    }
  }

  private closeText(out: ChatChunk[]): void {
    this.finish(this.text, out);
    this.text = undefined;
  }

  private finish(growing: Growing | undefined, out: ChatChunk[]): void {
    if (!growing) return;
    this.give(growing, growing.stream.end(), out);
    this.letCompanionsGo(growing, out);
  }
}

const newCall = (): HeldCall => ({ json: '', end: new JsonEnd() });

const PLACES: Readonly<Record<Growing['kind'], TextPlace>> = {
  'text-delta': { role: 'assistant', kind: 'text' },
  'refusal-delta': { role: 'assistant', kind: 'refusal' },
  'reasoning-delta': { role: 'assistant', kind: 'reasoning' },
  'audio-delta': { role: 'assistant', kind: 'transcript' },
};

const argumentAt = (key: string | undefined): TextPlace =>
  key === undefined ? { role: 'assistant', kind: 'argument' } : { role: 'assistant', kind: 'argument', key };
