// The thread that counts tokens: exact counts take milliseconds, which the event loop of calls does not have.
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { parentPort } from 'node:worker_threads';

export interface CountRequest {
  id: number;
  text: string;
}

export interface CountAnswer {
  id: number;
  tokens: number;
}

/** What looks like a special token in a prompt is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

parentPort?.on('message', ({ id, text }: CountRequest) => {
  parentPort?.postMessage({ id, tokens: countTokens(text, AS_TEXT) } satisfies CountAnswer);
});
