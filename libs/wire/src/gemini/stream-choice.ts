// One candidate of a Gemini stream.
import { isJsonObject, type ChatChunk, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { Emit } from '../stream.js';
import { fromGeminiFinishReason } from './finish-reason.js';
import { billedSearches, fromGrounding } from './grounding.js';
import { textOf } from './json.js';
import { fromGeminiLogprobs } from './logprobs.js';
import { readPieces, toolCallId, type Piece } from './pieces.js';

export class GeminiStreamChoice {
  private calls = 0;
  /** Calls that came without an id. */
  private unnamed = 0;
  /** The answer's text so far: citations, which come last, count its bytes. */
  private text = '';
  private grounding: JsonValue | undefined;
  private word: string | undefined;
  private isRefused = false;

  /** @param responseId for the ids of tool calls */
  constructor(
    readonly index: number,
    private readonly responseId: string,
    private readonly emit: Emit<ChatChunk>,
  ) {}

  get isFinished(): boolean {
    return this.word !== undefined;
  }

  /** @throws GW_UPSTREAM_INVALID_RESPONSE when the candidate ends for a reason that makes it useless */
  read(candidate: JsonObject): void {
    const parts = isJsonObject(candidate['content']) ? candidate['content']['parts'] : [];
    for (const piece of readPieces(parts)) this.piece(piece);
    const logprobs = fromGeminiLogprobs(candidate['logprobsResult']);
    if (logprobs) this.emit({ type: 'logprobs', choice: this.index, logprobs });
    this.grounding = candidate['groundingMetadata'] ?? this.grounding;
    const word = textOf(candidate['finishReason']);
    if (!word) return;
    fromGeminiFinishReason(word, false, textOf(candidate['finishMessage']));
    this.word = word;
  }

  /** The prompt was refused, so this candidate stays empty. */
  refuse(reason: string): void {
    this.word = reason;
    this.isRefused = true;
  }

  searches(model: string): number | undefined {
    return billedSearches(this.grounding, model);
  }

  finish(): void {
    const annotations = fromGrounding(this.grounding, this.text);
    if (annotations.length > 0 && this.text !== '') {
      this.emit({ type: 'annotations', choice: this.index, annotations });
    }
    const native = this.word ?? '';
    const reason = this.isRefused ? 'content-filter' : fromGeminiFinishReason(native, this.calls > 0);
    this.emit({ type: 'finish', choice: this.index, reason, native });
  }

  private piece(piece: Piece): void {
    const choice = this.index;
    switch (piece.type) {
      case 'text':
        this.text += piece.text;
        if (piece.text !== '') this.emit({ type: 'text-delta', choice, text: piece.text });
        return;
      case 'reasoning':
        if (piece.text !== '') this.emit({ type: 'reasoning-delta', choice, text: piece.text });
        if (piece.signature) this.emit({ type: 'reasoning-signature', choice, signature: piece.signature });
        return;
      case 'tool-call':
        return this.call(piece);
      case 'media':
        return this.media(piece);
    }
  }

  /** Calls arrive whole. */
  private call({ id, name, arguments: text, signature }: Extract<Piece, { type: 'tool-call' }>): void {
    const at = { choice: this.index, index: this.calls++ };
    const given = id ?? toolCallId(this.responseId, this.index, this.unnamed++);
    this.emit({ type: 'tool-call-start', ...at, id: given, name, ...(signature ? { signature } : {}) });
    this.emit({ type: 'tool-call-delta', ...at, arguments: text });
  }

  private media({ mediaType, data }: Extract<Piece, { type: 'media' }>): void {
    if (mediaType.startsWith('audio/')) this.emit({ type: 'audio-delta', choice: this.index, audio: { data } });
    else this.emit({ type: 'image', choice: this.index, mediaType, data });
  }
}
