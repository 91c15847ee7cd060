// Applies the rules: blocks, else masks; whatever it finds is logged by name, never by what it says.
import {
  AnswerBlocked,
  FindingStream,
  guardAnswerTexts,
  MaskedCounter,
  replaceFindings,
  textsOfRequest,
  textsOfResponse,
  withRequestTexts,
  withResponseTexts,
  type AnswerStreamV1,
  type Finding,
  type GuardrailBlock,
  type GuardrailV1,
  type GuardrailVerdict,
  type MaskedCounts,
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
  masked?: MaskedCounts;
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
      stream: () => (inAnswers.length === 0 ? 'pass' : along(inAnswers, host)),
    },
  };
};

const refusalOf = ({ name, description }: CompiledRule): GuardrailBlock => ({
  action: 'block',
  message: `the rule '${name}' does not allow this${description ? ` (${description})` : ''}.`,
  details: { rule: name },
});

/** By name, and never by what it says. */
const tell = ({ name, action }: CompiledRule, host: Pick<PluginHost, 'log' | 'metrics'>): void => {
  host.metrics.count(`found_${action}`);
  host.log[action === 'log' ? 'warn' : 'info']('a rule found something', { rule: name, action });
};

const verdictOf = <T>({ blocking, texts, masked }: Judged, replaced: (texts: string[]) => T): GuardrailVerdict<T> => {
  if (blocking) return refusalOf(blocking);
  return texts ? { action: 'replace', value: replaced(texts), masked } : { action: 'pass' };
};

/** A stream cannot give others their turn, but each of its pieces is small. */
const along = (rules: readonly CompiledRule[], host: Pick<PluginHost, 'log' | 'metrics'>): AnswerStreamV1 => {
  const seen = new Set<CompiledRule>();
  const counter = new MaskedCounter();
  const time = new Time();
  const find = (text: string, from: number): Found[] => {
    time.begins();
    const found: Found[] = [];
    for (const rule of rules) {
      for (const { start, end } of rule.search.find(text, from)) {
        time.mustBeLeft();
        found.push({ start, end, rule });
        if (rule.action !== 'mask') break;
      }
    }
    time.ends();
    return found;
  };
  const openFrom = (text: string, from: number): number => {
    time.begins();
    let open = text.length;
    for (const { search } of rules) open = Math.min(open, search.openFrom(text, from));
    time.ends();
    return open;
  };
  const onFound = ({ rule }: Found): void => {
    if (seen.has(rule)) return;
    seen.add(rule);
    tell(rule, host);
    const { message, details } = refusalOf(rule);
    if (rule.action === 'block') throw new AnswerBlocked(message, details);
  };
  const isMasked = ({ rule }: Found): boolean => rule.action === 'mask';
  const replacementOf = ({ rule }: Found): string => {
    counter.add(rule.name);
    return rule.replacement;
  };
  return guardAnswerTexts(
    () => new FindingStream<Found>({ find, openFrom, onFound, isMasked, replacementOf }),
    () => counter.masked,
  );
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
      for (const { start, end } of rule.search.find(text, 0)) {
        turns.mustBeLeft();
        seen.add(rule);
        if (rule.action !== 'mask') break;
        masked.push({ start, end, rule });
      }
    }
    masks.push(masked);
  }
  for (const rule of seen) tell(rule, host);
  const blocking = [...seen].find(({ action }) => action === 'block');
  if (blocking) return { blocking };
  if (masks.every((found) => found.length === 0)) return {};
  const counter = new MaskedCounter();
  const replacementOf = ({ rule }: Found): string => {
    counter.add(rule.name);
    return rule.replacement;
  };
  const replaced = texts.map(({ text }, index) => replaceFindings(text, masks[index]!, replacementOf));
  return { texts: replaced, masked: counter.masked };
};

/** Measures the time of one check. */
class Time {
  private spentMs = 0;
  private startedAt = performance.now();

  /** Since it began, or was begun again. */
  get runningMs(): number {
    return performance.now() - this.startedAt;
  }

  /** @throws Error when the rules took too long */
  mustBeLeft(): void {
    if (this.spentMs + this.runningMs > MOST_MS)
      throw new Error(`The rules took longer than ${MOST_MS} ms on the texts of one call.`);
  }

  begins(): void {
    this.startedAt = performance.now();
  }

  ends(): void {
    this.mustBeLeft();
    this.spentMs += this.runningMs;
  }
}

/** A check that lets others have their turns. */
class Turns extends Time {
  constructor(private readonly signal: AbortSignal) {
    super();
  }

  /** @throws Error when the rules took too long; the signal's reason when nobody waits any more */
  async next(): Promise<void> {
    this.mustBeLeft();
    if (this.runningMs < TURN_MS) return;
    this.ends();
    await new Promise((resolve) => setImmediate(resolve));
    this.signal.throwIfAborted();
    this.begins();
  }
}
