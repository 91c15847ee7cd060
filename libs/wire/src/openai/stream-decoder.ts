// OpenAI chat stream → chunks. State is one small object a stream.
import { isJsonObject, type ChatChunk, type JsonObject, type JsonValue, type Usage } from '@turnpike/domain';
import { BROKE_OFF_STREAM, toInnerError } from '../faults.js';
import type { Emit, StreamDecoder } from '../stream.js';
import {
  argumentsText,
  fromImages,
  fromReasoningContent,
  isReasoningContent,
  legacyCallId,
  reasoningText,
  thoughtSignature,
} from './content.js';
import { failureOf, fromOpenAiFinishReason, isFailedFinish } from './finish-reason.js';
import { fromOpenAiChatHead } from './head.js';
import { OpenAiStreamFrame } from './stream-frame.js';
import { ToolCallTracker } from './stream-tool-calls.js';
import { fromOpenAiUsage } from './usage.js';

/** Hosts put it at the top, into the last choice (Moonshot), or into a field of their own (Groq). */
const usageOf = (chunk: JsonObject, choices: readonly JsonObject[]): Usage | undefined => {
  const groq = chunk['x_groq'];
  return (
    fromOpenAiUsage(chunk['usage']) ??
    fromOpenAiUsage(choices.at(-1)?.['usage']) ??
    (isJsonObject(groq) ? fromOpenAiUsage(groq['usage']) : undefined)
  );
};

export const openAiStreamDecoder = (emit: Emit<ChatChunk>): StreamDecoder => new OpenAiStreamDecoder(emit);

class OpenAiStreamDecoder extends OpenAiStreamFrame {
  private readonly calls = new ToolCallTracker();
  private isStarted = false;

  constructor(private readonly emit: Emit<ChatChunk>) {
    super();
  }

  protected chunk(chunk: JsonObject): void {
    const choices = Array.isArray(chunk['choices']) ? chunk['choices'].filter(isJsonObject) : [];
    const usage = usageOf(chunk, choices);
    // Azure opens with an empty chunk that only carries filter results.
    if (chunk['id'] || choices.length > 0 || usage) this.start(chunk);
    for (const choice of choices) this.choice(choice);
    if (usage) this.emit({ type: 'usage', usage });
  }

  private start(chunk: JsonObject): void {
    if (this.isStarted) return;
    this.isStarted = true;
    this.emit({ type: 'start', ...fromOpenAiChatHead(chunk) });
  }

  private choice(value: JsonObject): void {
    const choice = typeof value['index'] === 'number' ? value['index'] : 0;
    this.opened.add(choice);
    const delta = isJsonObject(value['delta']) ? value['delta'] : {};
    this.reasoning(choice, delta);
    this.content(choice, delta['content']);
    if (typeof delta['refusal'] === 'string' && delta['refusal'] !== '') {
      this.emit({ type: 'refusal-delta', choice, text: delta['refusal'] });
    }
    if (isJsonObject(value['logprobs'])) {
      this.emit({ type: 'logprobs', choice, logprobs: value['logprobs'] });
    }
    if (Array.isArray(delta['annotations']) && delta['annotations'].length > 0) {
      this.emit({ type: 'annotations', choice, annotations: delta['annotations'].filter(isJsonObject) });
    }
    for (const { mediaType, data } of fromImages(delta['images'], 'delta.images')) {
      if (mediaType !== undefined && data !== undefined) this.emit({ type: 'image', choice, mediaType, data });
    }
    if (isJsonObject(delta['audio'])) this.emit({ type: 'audio-delta', choice, audio: delta['audio'] });
    const calls = isJsonObject(delta['tool_calls']) ? [delta['tool_calls']] : delta['tool_calls'];
    if (Array.isArray(calls)) for (const call of calls) if (isJsonObject(call)) this.toolCall(choice, call);
    if (isJsonObject(delta['function_call'])) this.functionCall(choice, delta['function_call']);
    this.finish(choice, value);
  }

  /** The deprecated single call. Only its first piece has the name. */
  private functionCall(choice: number, described: JsonObject): void {
    const { name } = described;
    const id = typeof name === 'string' && name !== '' ? { id: legacyCallId(name) } : {};
    this.toolCall(choice, { index: 0, ...id, function: described });
  }

  /** Text, or a list of parts where a host writes reasoning there. */
  private content(choice: number, content: JsonValue | undefined): void {
    if (typeof content === 'string') {
      if (content !== '') this.emit({ type: 'text-delta', choice, text: content });
    } else if (Array.isArray(content)) {
      for (const part of content) {
        if (isReasoningContent(part)) this.reasoningContent(choice, part);
        else if (isJsonObject(part)) this.content(choice, part['text']);
      }
    }
  }

  private reasoningContent(choice: number, part: JsonObject): void {
    for (const { text, signature } of fromReasoningContent(part)) {
      if (text !== '') this.emit({ type: 'reasoning-delta', choice, text });
      if (signature !== undefined) this.emit({ type: 'reasoning-signature', choice, signature });
    }
  }

  private reasoning(choice: number, delta: JsonObject): void {
    const text = reasoningText(delta);
    if (text !== '') this.emit({ type: 'reasoning-delta', choice, text });
    const blocks = delta['thinking_blocks'];
    if (!Array.isArray(blocks)) return;
    for (const block of blocks) {
      if (!isJsonObject(block)) continue;
      if (typeof block['signature'] === 'string' && block['signature'] !== '') {
        this.emit({ type: 'reasoning-signature', choice, signature: block['signature'] });
      } else if (typeof block['data'] === 'string') {
        this.emit({ type: 'reasoning-signature', choice, redacted: block['data'] });
      }
    }
  }

  private toolCall(choice: number, call: JsonObject): void {
    const described = isJsonObject(call['function'])
      ? call['function']
      : isJsonObject(call['custom'])
        ? call['custom']
        : {};
    const { index, started } = this.calls.place(choice, call, described);
    if (started) {
      const signature = thoughtSignature(call);
      this.emit({ type: 'tool-call-start', choice, index, ...started, ...(signature ? { signature } : {}) });
    }
    const piece = argumentsText(described['arguments'] ?? described['input']);
    if (piece === '') return;
    this.calls.wrote(choice, index);
    this.emit({ type: 'tool-call-delta', choice, index, arguments: piece });
  }

  private finish(choice: number, given: JsonObject): void {
    const { finish_reason: word } = given;
    // An empty word is "not yet" on some hosts, and on others all they ever say.
    if (typeof word !== 'string' || word === '' || this.finished.has(choice)) return;
    if (isFailedFinish(word)) throw toInnerError(failureOf(word, given), BROKE_OFF_STREAM);
    this.close(choice, word);
  }

  protected close(choice: number, word: string): void {
    this.finished.add(choice);
    for (const index of this.calls.silent(choice)) {
      this.emit({ type: 'tool-call-delta', choice, index, arguments: '{}' });
    }
    this.emit({
      type: 'finish',
      choice,
      reason: fromOpenAiFinishReason(word, this.calls.has(choice)),
      ...(word ? { native: word } : {}),
    });
  }
}
