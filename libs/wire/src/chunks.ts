// A whole answer as the stream that would have carried it: for hosts that ignore `stream`, and for replays.
import type { AssistantPart, ChatChunk, ChatResponse } from '@turnpike/domain';

export function* toChunks(response: ChatResponse): Generator<ChatChunk> {
  const { id, model, created, systemFingerprint, serviceTier } = response;
  yield { type: 'start', id, model, created, systemFingerprint, serviceTier };
  for (const { index: choice, content, logprobs, finishReason, nativeFinishReason } of response.choices) {
    let calls = 0;
    for (const part of content) {
      yield* partChunks(part, choice, calls);
      if (part.type === 'tool-call') calls += 1;
    }
    if (logprobs) yield { type: 'logprobs', choice, logprobs };
    yield {
      type: 'finish',
      choice,
      reason: finishReason,
      ...(nativeFinishReason ? { native: nativeFinishReason } : {}),
    };
  }
  if (response.usage) yield { type: 'usage', usage: response.usage };
}

function* partChunks(part: AssistantPart, choice: number, index: number): Generator<ChatChunk> {
  switch (part.type) {
    case 'text':
      yield { type: 'text-delta', choice, text: part.text };
      if (part.annotations) yield { type: 'annotations', choice, annotations: part.annotations };
      return;
    case 'refusal':
      yield { type: 'refusal-delta', choice, text: part.text };
      return;
    case 'reasoning':
      if (part.text) yield { type: 'reasoning-delta', choice, text: part.text };
      if (part.signature ?? part.redacted) {
        yield { type: 'reasoning-signature', choice, signature: part.signature, redacted: part.redacted };
      }
      return;
    case 'tool-call':
      yield { type: 'tool-call-start', choice, index, id: part.id, name: part.name, signature: part.signature };
      yield { type: 'tool-call-delta', choice, index, arguments: part.arguments };
      return;
    case 'image':
      yield { type: 'image', choice, mediaType: part.mediaType ?? 'image/png', data: part.data ?? '' };
      return;
    case 'audio':
      yield {
        type: 'audio-delta',
        choice,
        audio: { id: part.id, data: part.data, transcript: part.transcript, expires_at: part.expiresAt },
      };
  }
}
