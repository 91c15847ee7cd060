// What is kept of an answer that has been given.
import type { KeptAnswer } from '../cache/response-cache.js';
import type { Exchange, Outcome } from './exchange.js';
import { recordedAnswer } from './recorded-answer.js';

export const keepAnswer = (exchange: Exchange, outcome: Outcome, now: number): void => {
  const { cacheWrite, parts } = exchange;
  const ttlMs = parts ? parts.ttlMs : cacheWrite?.ttlMs;
  if (ttlMs === undefined || !isToBeKept(exchange, outcome)) return;
  const answers = parts ? partsOf(exchange) : wholeOf(exchange);
  if (answers.length === 0) return;
  const { snapshot, question } = exchange;
  snapshot.cache?.write(answers, ttlMs, now);
  if (question) snapshot.cache?.learn(question, ttlMs);
};

/** An answer of another group is not that of the model which it would be kept under. */
const isToBeKept = ({ attempt, flight }: Exchange, { status }: Outcome): boolean =>
  (status === 'success' || (flight?.isComplete ?? false)) && (attempt?.choice.fallback ?? 0) === 0;

const partsOf = ({ parts, answer }: Exchange): KeptAnswer[] =>
  answer?.kind === 'whole' && answer.fresh && parts ? parts.toKeep(answer.fresh) : [];

const wholeOf = (exchange: Exchange): KeptAnswer[] => {
  const { answer, cacheWrite } = exchange;
  const value = answer?.kind === 'whole' ? answer.body : recordedBody(exchange);
  return value && cacheWrite ? [{ key: cacheWrite.key, value }] : [];
};

const recordedBody = (exchange: Exchange): Buffer | undefined => {
  const recorded = recordedAnswer(exchange)?.();
  return recorded && Buffer.from(JSON.stringify(recorded));
};
