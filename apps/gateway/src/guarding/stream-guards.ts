// The guardrails of one stream: each sees what the former let pass. They go on with it where it goes on elsewhere.
import type { ChatChunk } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import { isGuardrailBlock, type AnswerStreamV1, type StreamVerdict } from '@turnpike/plugin-sdk';
import { blockedBy, type LookOutcome } from './outcome.js';
import type { ActiveGuardrail } from './selection.js';

export interface StreamGuard {
  readonly active: ActiveGuardrail;
  readonly stream: AnswerStreamV1;
  /** Spent in it. */
  ms: number;
}

const NOTHING: readonly ChatChunk[] = [];

export class StreamGuards {
  /** Why nothing more may pass. */
  stoppedBy: GatewayError | undefined;
  /** What opens the client's stream, and waits for something to open it for. */
  head = '';
  /** Of whose look nobody was told yet. */
  private readonly open: StreamGuard[];

  constructor(
    private readonly guards: readonly StreamGuard[],
    private readonly onEnd: (guard: StreamGuard, outcome: LookOutcome) => void,
  ) {
    this.open = [...guards];
  }

  /** What may be sent now. @throws GW_GUARDRAIL_BLOCKED, GW_PLUGIN_HOOK */
  push(chunk: ChatChunk): readonly ChatChunk[] {
    return this.passOn([chunk], 0);
  }

  /** What was held back. @throws as `push` */
  end(): readonly ChatChunk[] {
    let held = NOTHING;
    this.guards.forEach((guard, index) => {
      const last = this.run(guard, (stream) => stream.end());
      const passed = last.length === 0 ? NOTHING : this.passOn(last, index + 1);
      held = held.length === 0 ? passed : [...held, ...passed];
    });
    this.leave();
    return held;
  }

  /** The stream is over, however it ended. */
  leave(): void {
    for (const guard of this.open.splice(0)) {
      guard.active.instance.hooks.ran('stream', guard.ms);
      this.onEnd(guard, { status: 'success' });
    }
  }

  private passOn(chunks: readonly ChatChunk[], from: number): readonly ChatChunk[] {
    let passed = chunks;
    for (let index = from; index < this.guards.length && passed.length > 0; index += 1) {
      const guard = this.guards[index]!;
      passed =
        passed.length === 1
          ? this.run(guard, (stream) => stream.push(passed[0]!))
          : passed.flatMap((chunk) => this.run(guard, (stream) => stream.push(chunk)));
    }
    return passed;
  }

  private run(guard: StreamGuard, step: (stream: AnswerStreamV1) => StreamVerdict): readonly ChatChunk[] {
    const startedAt = performance.now();
    let verdict: StreamVerdict;
    try {
      verdict = step(guard.stream);
    } catch (cause) {
      guard.ms += performance.now() - startedAt;
      // What it holds back is known to it alone, so nobody can go on without it.
      const error = guard.active.instance.hooks.ran('stream', guard.ms, cause);
      throw this.stop(guard, error, { status: 'guardrail_failed_to_respond', error: error.code });
    }
    guard.ms += performance.now() - startedAt;
    if (!isGuardrailBlock(verdict)) return verdict;
    const { message } = verdict;
    guard.active.instance.hooks.ran('stream', guard.ms);
    throw this.stop(guard, blockedBy(guard.active, message), { status: 'guardrail_intervened', message });
  }

  private stop(guard: StreamGuard, error: GatewayError, outcome: LookOutcome): GatewayError {
    this.stoppedBy = error;
    this.open.splice(this.open.indexOf(guard), 1);
    this.onEnd(guard, outcome);
    return error;
  }
}
