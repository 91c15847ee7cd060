// What a call may cost, before it is made: money is set aside by this, and corrected when the cost is known.
import type { Deployment } from '@turnpike/domain';
import { perMillionTokens, type Price } from '@turnpike/pricing';
import type { ResolvedGroup } from '@turnpike/router';
import type { Admitted } from '../pipeline/exchange.js';
import { estimateTokens } from '../upstream/estimate-usage.js';
import { AnswerSizes } from './answer-sizes.js';

/** Models whose answers are remembered; more are taken for unknown. */
const MAX_MODELS = 1_000;
/** Tokens of an answer, where nothing is known of the model's. */
const LEAST_ANSWER = 256;
const MILLION = 1_000_000;

/** Nano-dollars of a million tokens. */
interface Rates {
  readonly input: number;
  readonly output: number;
}

export class CostEstimates {
  private readonly rates = new WeakMap<ResolvedGroup, Rates>();
  private readonly answers = new Map<string, AnswerSizes>();

  /** @param adjusted what a cost is with what operators take off and put on */
  constructor(
    private readonly priceOf: (deployment: Deployment, model: string) => Price | undefined,
    private readonly adjusted: (deployment: Deployment, cost: number) => number = (_deployment, cost) => cost,
  ) {}

  /** Nano-dollars; 0 when it costs nothing, or nobody knows what. */
  costOf(exchange: Admitted): number {
    const [group] = exchange.resolution.groups;
    const [first] = group?.targets ?? [];
    return group && first ? this.adjusted(first.deployment, this.priceOfCall(group, exchange)) : 0;
  }

  /** @param tokens of an answer that this group gave */
  answered(group: string, tokens: number): void {
    let sizes = this.answers.get(group);
    if (!sizes) {
      if (this.answers.size >= MAX_MODELS) return;
      this.answers.set(group, (sizes = new AnswerSizes()));
    }
    sizes.add(tokens);
  }

  private priceOfCall(group: ResolvedGroup, { body, raw, front }: Admitted): number {
    const { input, output } = this.ratesOf(group);
    const prompt = (estimateTokens(raw.length) * input) / MILLION;
    if (output === 0 || front.operation === 'embeddings') return Math.ceil(prompt);
    const usual = Math.max(LEAST_ANSWER, this.answers.get(group.name)?.p95 ?? 0);
    const asked = mostTokens(body['max_completion_tokens']) ?? mostTokens(body['max_tokens']) ?? Infinity;
    const choices = mostTokens(body['n']) ?? 1;
    return Math.ceil(prompt + (choices * Math.min(asked, usual) * output) / MILLION);
  }

  /** Of the dearest deployment: which one it will be is not known yet. */
  private ratesOf(group: ResolvedGroup): Rates {
    let rates = this.rates.get(group);
    if (!rates) {
      const all = group.targets.map(({ deployment, model }) => this.priceOf(deployment, model)).filter(isKnown);
      rates = {
        input: Math.max(0, ...all.map((price) => perMillionTokens(price).input)),
        output: Math.max(0, ...all.map((price) => perMillionTokens(price).output)),
      };
      this.rates.set(group, rates);
    }
    return rates;
  }
}

const isKnown = (price: Price | undefined): price is Price => price !== undefined;

const mostTokens = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined);
