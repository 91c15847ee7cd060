// The order of chunks that encoders and joiners rely on.
import type { ChatChunk } from '@turnpike/plugin-sdk';
import { must } from '../check.js';
import type { AnyChunk } from './subject.js';

/**
 * `start` first and once; tool calls of a choice count from 0 in the order they begin, each with arguments,
 * `{}` at least; one `finish` a choice and nothing of that choice after it; no empty deltas.
 * @throws ConformanceError
 */
export const checkChunkOrder = (chunks: readonly AnyChunk[]): void => {
  must(chunks[0]?.type === 'start', `The first chunk is '${chunks[0]?.type ?? 'none'}' and not 'start'.`);
  must(chunks.filter((chunk) => chunk.type === 'start').length === 1, "There is more than one 'start'.");
  const finished = new Set<number>();
  const calls = new Map<string, string>();
  for (const chunk of chunks as readonly ChatChunk[]) {
    if (!('choice' in chunk)) continue;
    must(!finished.has(chunk.choice), `Choice ${chunk.choice} goes on after its 'finish', with '${chunk.type}'.`);
    if ('text' in chunk) must(chunk.text !== '', `A '${chunk.type}' is empty.`);
    if (chunk.type === 'finish') finished.add(chunk.choice);
    if (chunk.type === 'tool-call-start') {
      const begun = [...calls.keys()].filter((key) => key.startsWith(`${chunk.choice}/`)).length;
      must(chunk.index === begun, `Tool call ${begun} of choice ${chunk.choice} has the index ${chunk.index}.`);
      must(chunk.id !== '' && chunk.name !== '', `Tool call ${chunk.index} has no id or no name.`);
      calls.set(`${chunk.choice}/${chunk.index}`, '');
    }
    if (chunk.type === 'tool-call-delta') {
      const before = calls.get(`${chunk.choice}/${chunk.index}`);
      must(before !== undefined, `Tool call ${chunk.index} has a delta before its start.`);
      calls.set(`${chunk.choice}/${chunk.index}`, before + chunk.arguments);
    }
  }
  for (const [call, text] of calls) must(text !== '', `Tool call ${call} has no arguments; without any they are '{}'.`);
};
