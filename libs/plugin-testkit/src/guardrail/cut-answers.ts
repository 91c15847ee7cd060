// One answer as the streams that could have carried it, cut at every place of its texts.
import {
  isGuardrailBlock,
  joinChunks,
  toChunks,
  type AnswerStreamV1,
  type ChatChunk,
  type ChatResponse,
  type GuardrailBlock,
} from '@turnpike/plugin-sdk';

/** What came of a stream; without log probabilities. */
export interface Streamed {
  block?: GuardrailBlock;
  response?: ChatResponse;
}

type Cut = (text: string) => string[];

const LONGEST_CUT_EVERYWHERE = 400;

/** Each name says where it is cut. */
function* cutsOf(longest: number): Generator<[name: string, cut: Cut]> {
  yield ['nowhere', (text) => [text]];
  yield ['everywhere', (text) => text.split('')];
  const step = Math.max(1, Math.floor(longest / LONGEST_CUT_EVERYWHERE));
  for (let at = 1; at < longest; at += step) yield [`at ${at}`, (text) => [text.slice(0, at), text.slice(at)]];
}

/** @param make a new stream for each cut */
export async function* inEveryCut(
  response: ChatResponse,
  make: () => Promise<AnswerStreamV1>,
): AsyncGenerator<[cut: string, Streamed]> {
  const chunks = chunksOf(response);
  const longest = Math.max(0, ...chunks.map((chunk) => textOf(chunk)?.length ?? 0));
  for (const [name, cut] of cutsOf(longest))
    yield [
      name,
      sent(
        chunks.flatMap((chunk) => cutChunk(chunk, cut)),
        await make(),
      ),
    ];
}

const textOf = (chunk: ChatChunk): string | undefined =>
  'text' in chunk ? chunk.text : chunk.type === 'tool-call-delta' ? chunk.arguments : undefined;

const cutChunk = (chunk: ChatChunk, cut: Cut): ChatChunk[] => {
  const text = textOf(chunk);
  if (text === undefined) return [chunk];
  const field = 'text' in chunk ? 'text' : 'arguments';
  return cut(text).map((piece) => ({ ...chunk, [field]: piece }));
};

const sent = (chunks: readonly ChatChunk[], stream: AnswerStreamV1): Streamed => {
  const passed: ChatChunk[] = [];
  for (const chunk of chunks) {
    const verdict = stream.push(chunk);
    if (isGuardrailBlock(verdict)) return { block: verdict };
    passed.push(...verdict);
  }
  const rest = stream.end();
  return isGuardrailBlock(rest) ? { block: rest } : { response: joinChunks([...passed, ...rest]) };
};

/** As a stream tells it that has no log probabilities. */
export const toldInStream = (response: ChatResponse): ChatResponse => joinChunks(chunksOf(response));

const chunksOf = (response: ChatResponse): ChatChunk[] =>
  [...toChunks(response)].filter(({ type }) => type !== 'logprobs');
