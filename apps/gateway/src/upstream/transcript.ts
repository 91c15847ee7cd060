// What a stream has said so far, kept so that another deployment can go on with it.
import type { ChatChunk, CompletionChunk } from '@turnpike/domain';

/** A longer answer is not sent back as a prompt. */
const MAX_CHARACTERS = 400_000;

export class Transcript {
  /** What the client knows the answer by. */
  id = '';
  model = '';
  text = '';
  /** Words of one answer, and nothing that cannot be gone on with: tool calls, reasoning, a reason to end. */
  private isPlain = true;

  /** @param former what another deployment began */
  constructor(readonly former?: Transcript) {
    if (!former) return;
    this.id = former.id;
    this.model = former.model;
    this.text = former.text;
  }

  get mayContinue(): boolean {
    return this.isPlain && this.text.length <= MAX_CHARACTERS;
  }

  hear(chunk: ChatChunk | CompletionChunk): void {
    switch (chunk.type) {
      case 'start':
        if (this.former) break;
        this.id = chunk.id;
        this.model = chunk.model;
        break;
      case 'text-delta':
        if (chunk.choice === 0) this.text += chunk.text;
        else this.isPlain = false;
        break;
      case 'usage':
        break;
      default:
        this.isPlain = false;
    }
  }
}
