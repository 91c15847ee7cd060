// Chunks → Gemini stream.
import type { ChatChunk, JsonObject } from '@turnpike/domain';
import type { StreamEncoder } from '../stream.js';
import { toGeminiFinishReason } from './finish-reason.js';
import { toGrounding } from './grounding.js';
import { toGeminiLogprobs } from './logprobs.js';
import { toGeminiAnswerPart, toGeminiHead } from './to-response.js';
import { toGeminiUsage } from './usage.js';

export const geminiStreamEncoder = (): StreamEncoder<ChatChunk> => new GeminiStreamEncoder();

interface PendingCall {
  id: string;
  name: string;
  signature?: string;
  arguments: string;
}

/** What is known of a choice and goes out when it ends: Gemini sends calls whole and citations last. */
interface Choice {
  calls: Map<number, PendingCall>;
  text: string;
  annotations: JsonObject[];
  finish?: JsonObject;
}

class GeminiStreamEncoder implements StreamEncoder<ChatChunk> {
  private head: JsonObject = {};
  private readonly choices = new Map<number, Choice>();
  private usage: JsonObject | undefined;

  encode(chunk: ChatChunk): string {
    switch (chunk.type) {
      case 'start':
        this.head = toGeminiHead(chunk);
        if (chunk.usage) this.usage = toGeminiUsage(chunk.usage);
        return '';
      case 'text-delta':
        this.choice(chunk.choice).text += chunk.text;
        return this.part(chunk.choice, { text: chunk.text });
      case 'refusal-delta':
        return this.part(chunk.choice, { text: chunk.text });
      case 'reasoning-delta':
        return this.part(chunk.choice, { text: chunk.text, thought: true });
      case 'reasoning-signature':
        if (chunk.signature === undefined) return '';
        return this.part(chunk.choice, { text: '', thought: true, thoughtSignature: chunk.signature });
      case 'tool-call-start': {
        const { id, name, signature } = chunk;
        this.choice(chunk.choice).calls.set(chunk.index, { id, name, signature, arguments: '' });
        return '';
      }
      case 'tool-call-delta': {
        const call = this.choice(chunk.choice).calls.get(chunk.index);
        if (call) call.arguments += chunk.arguments;
        return '';
      }
      case 'annotations':
        this.choice(chunk.choice).annotations.push(...chunk.annotations);
        return '';
      case 'logprobs':
        return this.candidate(chunk.choice, { logprobsResult: toGeminiLogprobs(chunk.logprobs) });
      case 'image':
        return this.part(chunk.choice, { inlineData: { mimeType: chunk.mediaType, data: chunk.data } });
      case 'audio-delta':
        return typeof chunk.audio['data'] === 'string'
          ? this.part(chunk.choice, { inlineData: { mimeType: 'audio/L16', data: chunk.audio['data'] } })
          : '';
      case 'finish':
        this.choice(chunk.choice).finish = { finishReason: toGeminiFinishReason(chunk.reason, chunk.native) };
        return '';
      case 'usage':
        this.usage = toGeminiUsage(chunk.usage);
        return '';
    }
  }

  /** The last event: what was kept of each choice, the reasons, the usage. Gemini has no closing mark. */
  end(): string {
    const candidates = [...this.choices].map(([index, choice]): JsonObject => {
      const calls = [...choice.calls.values()].flatMap((call) => toGeminiAnswerPart({ type: 'tool-call', ...call }));
      return {
        content: { role: 'model', parts: calls },
        ...choice.finish,
        index,
        groundingMetadata: toGrounding(choice.annotations, choice.text),
      };
    });
    return this.event({ candidates, usageMetadata: this.usage });
  }

  error(body: string): string {
    return `data: ${body}\n\n`;
  }

  private choice(index: number): Choice {
    let choice = this.choices.get(index);
    if (!choice) this.choices.set(index, (choice = { calls: new Map(), text: '', annotations: [] }));
    return choice;
  }

  private part(index: number, part: JsonObject): string {
    return this.candidate(index, { content: { role: 'model', parts: [part] } });
  }

  private candidate(index: number, candidate: JsonObject): string {
    return this.event({ candidates: [{ ...candidate, index }] });
  }

  private event(body: JsonObject): string {
    return `data: ${JSON.stringify({ ...body, ...this.head })}\n\n`;
  }
}
