// Plays one request through its routing in virtual time, against deployments that answer as they are told.
import type { GatewayError, ErrorCode } from '@turnpike/errors';
import * as outcome from '../src/outcome.js';
import { NO_WISHES, type RoutingRequest } from '../src/request.js';
import type { Choice, Over, Routing, Step } from '../src/routing.js';
import { aFailure, aRequest, NOW, type TestRouter } from './doubles.js';

/** `denied`: its limit is reached. */
export type Answer = 'ok' | 'denied' | ErrorCode | GatewayError;

/** Deployment id → what it answers, call by call; the last word holds, and who is not named answers. */
export type Script = Readonly<Record<string, Answer | readonly Answer[]>>;

export interface Played {
  /** `a wait500 b ok`: who was asked, what was waited, and how it ended. */
  readonly story: string;
  readonly routing: Routing;
  readonly choices: readonly Choice[];
  /** The end; undefined: it was answered. */
  readonly over: Over | undefined;
  readonly endedAt: number;
}

export interface PlayOptions extends Partial<RoutingRequest> {
  readonly teamId?: string;
  /** How long each attempt takes. */
  readonly attemptMs?: number;
  readonly from?: number;
}

/** More steps than any request may take. */
const MAX_STEPS = 500;

export const play = (
  { router }: TestRouter,
  script: Script,
  { attemptMs = 0, from = NOW, ...changes }: PlayOptions = {},
): Played => {
  const request = aRequest({ deadlineAt: from + 600_000, wishes: NO_WISHES, ...changes });
  const routing = router.route(request, router.resolve(request.model, request.teamId));
  const calls: Record<string, number> = {};
  const words: string[] = [];
  const choices: Choice[] = [];
  let now = from;

  const answerOf = (id: string): Answer => {
    const answers = [script[id] ?? 'ok'].flat();
    const call = (calls[id] ??= 0);
    calls[id] = call + 1;
    return answers[Math.min(call, answers.length - 1)]!;
  };

  const attempt = (choice: Choice): boolean => {
    const { deployment, state } = choice.target;
    const answer = answerOf(deployment.id);
    if (answer === 'denied') {
      words.push(`${deployment.id}-denied`);
      routing.denied(choice);
      return false;
    }
    words.push(deployment.id);
    choices.push(choice);
    state.began(now);
    now += attemptMs;
    const facts = { durationMs: attemptMs, tokens: 0, outputTokens: 0 };
    if (answer === 'ok') {
      outcome.answered(choice, now);
      outcome.succeeded(choice, facts, now);
      return true;
    }
    const error = typeof answer === 'string' ? aFailure(answer) : answer;
    outcome.failed(choice, error, facts, router.cooldowns, now);
    routing.failed(choice, error);
    return false;
  };

  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const step: Step = routing.next(now);
    if (step.kind === 'wait') {
      words.push(`wait${step.ms}`);
      now += step.ms;
    } else if (step.kind === 'over') {
      return { story: [...words, step.error.code].join(' '), routing, choices, over: step, endedAt: now };
    } else if (attempt(step)) {
      return { story: [...words, 'ok'].join(' '), routing, choices, over: undefined, endedAt: now };
    }
  }
  throw new Error(`The request did not end: ${words.join(' ')}`);
};
