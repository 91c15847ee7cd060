// What a stream has used, once nothing more of it will come.
import type { Runtime } from '../runtime/runtime.js';
import type { StreamAnswer } from '../upstream/answer.js';
import { estimateTokens } from '../upstream/estimate-usage.js';
import { countUsage } from './end-attempt.js';
import type { Called } from './exchange.js';

/** What the upstream did not tell is estimated: the prompt by its size, the answer by what was delivered. */
export const countStream = (runtime: Runtime, { attempt, raw }: Called, stream: StreamAnswer): void => {
  if (!attempt) return;
  const { usage: told } = stream;
  const delivered = stream.estimateOutputTokens();
  if (told && (told.outputTokens > 0 || delivered === 0)) return countUsage(runtime, attempt, told, false);
  const inputTokens = told?.inputTokens ?? estimateTokens(raw.length);
  const usage = { ...told, inputTokens, outputTokens: delivered, totalTokens: inputTokens + delivered };
  countUsage(runtime, attempt, usage, true);
};
