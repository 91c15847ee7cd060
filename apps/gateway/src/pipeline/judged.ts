// An answer before it goes out: those beside the call have let it pass, and those after it have seen it.
import type { Runtime } from '../runtime/runtime.js';
import type { StreamAnswer, UncheckedAnswer, WholeAnswer } from '../upstream/answer.js';
import { replay, ReplayedStream } from '../upstream/chunk-stream.js';
import { encode } from '../upstream/read-whole.js';
import { countStream } from './count-stream.js';
import { countUsage, endAttempt } from './end-attempt.js';
import type { Called } from './exchange.js';

export type JudgedAnswer = WholeAnswer | StreamAnswer;

/** The answer itself where nobody has to see it. @throws GW_GUARDRAIL_BLOCKED, GW_PLUGIN_HOOK */
export const judged = (runtime: Runtime, exchange: Called): JudgedAnswer | Promise<JudgedAnswer> => {
  const { answer, beside } = exchange;
  return beside || answer.kind === 'unchecked' ? judge(runtime, exchange) : answer;
};

const judge = async (runtime: Runtime, exchange: Called): Promise<JudgedAnswer> => {
  const { answer } = exchange;
  try {
    await exchange.beside;
    return (exchange.answer = answer.kind === 'unchecked' ? await checked(exchange, answer) : answer);
  } catch (error) {
    discard(runtime, exchange);
    throw error;
  }
};

const checked = async (exchange: Called, { response, headers, usage }: UncheckedAnswer): Promise<JudgedAnswer> => {
  const { attempt, snapshot } = exchange;
  const passed = await snapshot.guardrails.after(exchange, response);
  if (!exchange.isStream) return encode(exchange, passed, headers);
  if (attempt) attempt.firstTokenAt ??= performance.now();
  return new ReplayedStream(exchange, replay(exchange, passed, attempt), headers, usage);
};

/** The provider did its work, and is paid for it; that nobody gets to see it is not its fault. */
const discard = (runtime: Runtime, exchange: Called): void => {
  const { attempt, answer } = exchange;
  if (answer.kind === 'stream') answer.abort();
  if (attempt?.status !== 'open') return;
  if (answer.kind === 'stream') {
    countStream(runtime, exchange, answer);
    return endAttempt(runtime, attempt, 'abandoned');
  }
  countUsage(runtime, attempt, answer.usage, answer.isUsageEstimated ?? false);
  endAttempt(runtime, attempt, 'success');
};
