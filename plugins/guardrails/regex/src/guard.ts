// Applies the rules: blocks, else masks; whatever it finds is logged by name, never by what it says.
import {
  replaceFindings,
  textsOfRequest,
  textsOfResponse,
  withRequestTexts,
  withResponseTexts,
  type Finding,
  type GuardrailV1,
  type GuardrailVerdict,
  type PlacedText,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import type { CompiledRule } from './rules.js';

/** All rules on all texts of a call. A call that needs longer is not let through unread. */
const MOST_MS = 3_000;
/** Others of the same process have their turn after this. */
const TURN_MS = 20;

type Found = Finding & { rule: CompiledRule };

interface Judged {
  blocking?: CompiledRule;
  /** Undefined when nothing is to be masked. */
  texts?: string[];
}

export const createGuard = (
  rules: readonly CompiledRule[],
  host: Pick<PluginHost, 'log' | 'metrics'>,
): Required<Pick<GuardrailV1, 'preCall' | 'postCall'>> => {
  const inRequests = rules.filter(({ where }) => where !== 'answer');
  const inAnswers = rules.filter(({ where }) => where !== 'request');
  return {
    preCall: {
      check: async (request, { signal }) =>
        verdictOf(await judge(textsOfRequest(request), inRequests, host, signal), (texts) =>
          withRequestTexts(request, texts),
        ),
    },
    postCall: {
      check: async (response, _request, { signal }) =>
        verdictOf(await judge(textsOfResponse(response), inAnswers, host, signal), (texts) =>
          withResponseTexts(response, texts),
        ),
    },
  };
};

const verdictOf = <T>({ blocking, texts }: Judged, replaced: (texts: string[]) => T): GuardrailVerdict<T> => {
  if (blocking) {
    const { name, description } = blocking;
    const message = `the rule '${name}' does not allow this${description ? ` (${description})` : ''}.`;
    return { action: 'block', message, details: { rule: name } };
  }
  return texts ? { action: 'replace', value: replaced(texts) } : { action: 'pass' };
};

const judge = async (
  texts: readonly PlacedText[],
  rules: readonly CompiledRule[],
  host: Pick<PluginHost, 'log' | 'metrics'>,
  signal: AbortSignal,
): Promise<Judged> => {
  const turns = new Turns(signal);
  const seen = new Set<CompiledRule>();
  const masks: Found[][] = [];
  for (const { text } of texts) {
    const masked: Found[] = [];
    for (const rule of rules) {
      await turns.next();
      for (const { start, end } of rule.search(text)) {
        turns.outOfTime();
        seen.add(rule);
        if (rule.action !== 'mask') break;
        masked.push({ start, end, rule });
      }
    }
    masks.push(masked);
  }
  for (const { name, action } of seen) {
    host.metrics.count(`found_${action}`);
    host.log[action === 'log' ? 'warn' : 'info']('a rule found something', { rule: name, action });
  }
  const blocking = [...seen].find(({ action }) => action === 'block');
  if (blocking) return { blocking };
  if (masks.every((found) => found.length === 0)) return {};
  return {
    texts: texts.map(({ text }, index) => replaceFindings(text, masks[index]!, ({ rule }) => rule.replacement)),
  };
};

/** Measures the time of one check, and lets others have theirs. */
class Turns {
  private spentMs = 0;
  private startedAt = performance.now();

  constructor(private readonly signal: AbortSignal) {}

  /** @throws Error when the rules took too long; the signal's reason when nobody waits any more */
  outOfTime(): void {
    if (this.spentMs + performance.now() - this.startedAt > MOST_MS) {
      throw new Error(`The rules took longer than ${MOST_MS} ms on the texts of one call.`);
    }
  }

  async next(): Promise<void> {
    this.outOfTime();
    const now = performance.now();
    if (now - this.startedAt < TURN_MS) return;
    this.spentMs += now - this.startedAt;
    await new Promise((resolve) => setImmediate(resolve));
    this.signal.throwIfAborted();
    this.startedAt = performance.now();
  }
}
