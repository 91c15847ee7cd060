// The chunks of a stream → the whole answer they tell.
import type {
  AssistantPart,
  AudioPart,
  ChatChoice,
  ChatChunk,
  ChatResponse,
  CompletionChunk,
  CompletionResponse,
  FinishReason,
  JsonObject,
  JsonValue,
  Logprobs,
  Usage,
} from '@turnpike/domain';

/** @throws TypeError when the stream has no start, or a choice never finishes */
export const joinChunks = (chunks: readonly ChatChunk[]): ChatResponse => {
  const start = chunks.find((chunk) => chunk.type === 'start');
  if (!start) throw new TypeError("The stream has no 'start'.");
  const choices = new Map<number, ChoiceJoiner>();
  let usage: Usage | undefined = start.usage;
  for (const chunk of chunks) {
    if (chunk.type === 'usage') usage = chunk.usage;
    if (!('choice' in chunk)) continue;
    let choice = choices.get(chunk.choice);
    if (!choice) choices.set(chunk.choice, (choice = new ChoiceJoiner(chunk.choice)));
    choice.add(chunk);
  }
  return {
    id: start.id,
    model: start.model,
    created: start.created,
    choices: [...choices.values()].sort((left, right) => left.index - right.index).map((choice) => choice.finished()),
    ...(usage ? { usage } : {}),
    ...(start.systemFingerprint ? { systemFingerprint: start.systemFingerprint } : {}),
    ...(start.serviceTier ? { serviceTier: start.serviceTier } : {}),
  };
};

type ChoiceChunk = Extract<ChatChunk, { choice: number }>;

/** Parts come in the order in which they began; pieces of a kind that follow each other are one part. */
class ChoiceJoiner {
  private readonly content: AssistantPart[] = [];
  private readonly calls = new Map<number, Extract<AssistantPart, { type: 'tool-call' }>>();
  /** The reasoning block that still grows. */
  private openReasoning: Extract<AssistantPart, { type: 'reasoning' }> | undefined;
  private audio: AudioJoiner | undefined;
  private finish: { reason: FinishReason; native?: string } | undefined;
  private logprobs: { content?: JsonValue[]; refusal?: JsonValue[] } | undefined;

  constructor(readonly index: number) {}

  add(chunk: ChoiceChunk): void {
    switch (chunk.type) {
      case 'text-delta':
        return this.text('text', chunk.text);
      case 'refusal-delta':
        return this.text('refusal', chunk.text);
      case 'reasoning-delta':
        this.reasoning().text += chunk.text;
        return;
      case 'reasoning-signature':
        return this.endReasoning(chunk);
      case 'tool-call-start':
        return this.startCall(chunk);
      case 'tool-call-delta':
        return this.growCall(chunk);
      case 'logprobs':
        return this.addLogprobs(chunk.logprobs);
      case 'annotations':
        return this.annotate(chunk.annotations);
      case 'image':
        this.content.push({ type: 'image', mediaType: chunk.mediaType, data: chunk.data });
        return;
      case 'audio-delta':
        if (!this.audio) this.content.push((this.audio = new AudioJoiner()).part);
        return this.audio.add(chunk.audio);
      case 'finish':
        this.finish = { reason: chunk.reason, ...(chunk.native === undefined ? {} : { native: chunk.native }) };
    }
  }

  finished(): ChatChoice {
    if (!this.finish) throw new TypeError(`Choice ${this.index} has no 'finish'.`);
    return {
      index: this.index,
      content: this.content,
      finishReason: this.finish.reason,
      ...(this.finish.native === undefined ? {} : { nativeFinishReason: this.finish.native }),
      ...(this.logprobs ? { logprobs: this.logprobs } : {}),
    };
  }

  private text(type: 'text' | 'refusal', text: string): void {
    const last = this.content.at(-1);
    if (last?.type === type) last.text += text;
    else this.content.push({ type, text });
  }

  private reasoning(): Extract<AssistantPart, { type: 'reasoning' }> {
    if (this.openReasoning && this.content.at(-1) === this.openReasoning) return this.openReasoning;
    this.content.push((this.openReasoning = { type: 'reasoning', text: '' }));
    return this.openReasoning;
  }

  private endReasoning({ signature, redacted }: Extract<ChatChunk, { type: 'reasoning-signature' }>): void {
    if (redacted !== undefined) this.content.push({ type: 'reasoning', text: '', redacted });
    else this.reasoning().signature = signature;
    this.openReasoning = undefined;
  }

  private startCall({ index, id, name, signature }: Extract<ChatChunk, { type: 'tool-call-start' }>): void {
    const part: AssistantPart = { type: 'tool-call', id, name, arguments: '', ...(signature ? { signature } : {}) };
    this.calls.set(index, part);
    this.content.push(part);
  }

  private growCall(chunk: Extract<ChatChunk, { type: 'tool-call-delta' }>): void {
    const call = this.calls.get(chunk.index);
    if (!call) throw new TypeError(`Tool call ${chunk.index} has a delta before its start.`);
    call.arguments += chunk.arguments;
  }

  private annotate(annotations: JsonObject[]): void {
    const text = this.content.findLast((part) => part.type === 'text');
    if (!text) throw new TypeError('Annotations came before any text.');
    text.annotations = [...(text.annotations ?? []), ...annotations];
  }

  private addLogprobs(more: Logprobs): void {
    this.logprobs ??= {};
    for (const key of ['content', 'refusal'] as const) {
      const entries = more[key];
      if (Array.isArray(entries)) this.logprobs[key] = [...(this.logprobs[key] ?? []), ...entries];
    }
  }
}

/** `{id}`, `{data}`, `{transcript}` and `{expires_at}` come in pieces; each piece of base64 stands for itself. */
class AudioJoiner {
  readonly part: AudioPart = { type: 'audio' };
  private readonly bytes: Buffer[] = [];

  add(audio: JsonObject): void {
    if (typeof audio['id'] === 'string') this.part.id = audio['id'];
    if (typeof audio['expires_at'] === 'number') this.part.expiresAt = audio['expires_at'];
    if (typeof audio['transcript'] === 'string') {
      this.part.transcript = (this.part.transcript ?? '') + audio['transcript'];
    }
    if (typeof audio['data'] === 'string') {
      this.bytes.push(Buffer.from(audio['data'], 'base64'));
      this.part.data = Buffer.concat(this.bytes).toString('base64');
    }
  }
}

/** The same for a legacy completion. @throws TypeError */
export const joinCompletionChunks = (chunks: readonly CompletionChunk[]): CompletionResponse => {
  const start = chunks.find((chunk) => chunk.type === 'start');
  if (!start) throw new TypeError("The stream has no 'start'.");
  const texts = new Map<number, string>();
  const reasons = new Map<number, FinishReason>();
  let usage: Usage | undefined;
  for (const chunk of chunks) {
    if (chunk.type === 'text-delta') texts.set(chunk.choice, (texts.get(chunk.choice) ?? '') + chunk.text);
    else if (chunk.type === 'finish') reasons.set(chunk.choice, chunk.reason);
    else if (chunk.type === 'usage') usage = chunk.usage;
  }
  const indexes = [...new Set([...texts.keys(), ...reasons.keys()])].sort((left, right) => left - right);
  const choices = indexes.map((index) => {
    const finishReason = reasons.get(index);
    if (!finishReason) throw new TypeError(`Choice ${index} has no 'finish'.`);
    return { index, text: texts.get(index) ?? '', finishReason };
  });
  return { id: start.id, model: start.model, created: start.created, choices, ...(usage ? { usage } : {}) };
};
