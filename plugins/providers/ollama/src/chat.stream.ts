// Lines of /api/chat → chunks. A line may hold thinking and text together; calls of tools come whole.
import { streamCut, type ChatChunk, type Emit, type JsonObject, type StreamDecoder } from '@turnpike/plugin-sdk';
import { createdOf, fromLogprobs } from './chat.response.js';
import { fromDoneReason } from './finish-reason.js';
import { NdjsonParser } from './ndjson.js';
import { fromToolCall } from './tool-calls.js';
import { fromOllamaUsage } from './usage.js';
import { readAnswer, type OllamaAnswer } from './wire.js';

/** Ollama answers once. */
const CHOICE = 0;

export class OllamaStreamDecoder implements StreamDecoder {
  private readonly parser = new NdjsonParser((value) => this.line(readAnswer(value)));
  private isStarted = false;
  private isDone = false;
  private calls = 0;

  constructor(private readonly emit: Emit<ChatChunk>) {}

  push(bytes: Uint8Array): void {
    this.parser.push(bytes);
  }

  end(): void {
    this.parser.end();
    if (!this.isDone) throw streamCut();
  }

  private line(answer: OllamaAnswer): void {
    if (this.isDone) return;
    if (!this.isStarted) {
      this.isStarted = true;
      this.emit({ type: 'start', id: '', model: answer.model, created: createdOf(answer) });
    }
    const { content, thinking, toolCalls } = answer.message;
    if (thinking !== '') this.emit({ type: 'reasoning-delta', choice: CHOICE, text: thinking });
    if (content !== '') this.emit({ type: 'text-delta', choice: CHOICE, text: content });
    if (answer.logprobs.length > 0) {
      this.emit({ type: 'logprobs', choice: CHOICE, logprobs: fromLogprobs(answer.logprobs) });
    }
    for (const call of toolCalls) this.toolCall(call, answer.createdAt);
    if (answer.isDone) this.finish(answer);
  }

  private toolCall(call: JsonObject, createdAt: string): void {
    const index = this.calls;
    this.calls += 1;
    const { id, name, arguments: written } = fromToolCall(call, index, createdAt);
    this.emit({ type: 'tool-call-start', choice: CHOICE, index, id, name });
    this.emit({ type: 'tool-call-delta', choice: CHOICE, index, arguments: written });
  }

  private finish(answer: OllamaAnswer): void {
    this.isDone = true;
    this.emit({
      type: 'finish',
      choice: CHOICE,
      reason: fromDoneReason(answer.doneReason, this.calls > 0),
      ...(answer.doneReason ? { native: answer.doneReason } : {}),
    });
    const usage = fromOllamaUsage(answer);
    if (usage) this.emit({ type: 'usage', usage });
  }
}
