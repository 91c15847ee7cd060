// One choice among the targets of a level: what is ready, and which of that the strategy takes.
import type { SelectionContext, SelectV1 } from '@turnpike/plugin-sdk';
import { ownerOf } from './affinity.js';
import { obstacleOf, type Checks } from './obstacles.js';
import type { Level } from './model-index.js';
import type { RoutingRequest } from './request.js';
import type { Target } from './target.js';

/** Why a target was chosen. */
export type Reason = 'only' | 'strategy' | 'affinity' | 'shuffle';

export interface Pick {
  readonly target: Target;
  readonly reason: Reason;
}

export interface SelectionOptions extends Checks {
  readonly strategy: SelectV1;
  readonly random: () => number;
  /** The strategy threw, or answered what is no choice. */
  readonly onStrategyFault: (error: unknown) => void;
}

export class Selection {
  constructor(private readonly options: SelectionOptions) {}

  /** The targets of a level that may be chosen now; its own list when that is all of them. */
  ready({ targets, group }: Level, request: RoutingRequest, now: number): readonly Target[] {
    const isReady = (target: Target): boolean => {
      const obstacle = obstacleOf(target, request, this.options, now);
      return obstacle === undefined || (group.isPinned && (obstacle === 'cooldown' || obstacle === 'probe'));
    };
    const first = targets.findIndex((target) => !isReady(target));
    return first === -1 ? targets : targets.filter((target, at) => at < first || (at > first && isReady(target)));
  }

  /** Undefined: the strategy takes none of them. */
  pick(ready: readonly Target[], request: RoutingRequest, now: number): Pick | undefined {
    if (ready.length === 1) return { target: ready[0]!, reason: 'only' };
    if (ready.length === 0) return undefined;
    const { affinityKey } = request.wishes;
    const owner = affinityKey === undefined ? undefined : ownerOf(ready, affinityKey);
    if (owner) return { target: owner, reason: 'affinity' };
    for (const target of ready) target.state.turn(now);
    const { random } = this.options;
    const index = this.ask(ready, { stream: request.stream, promptTokens: request.promptTokens, now, random });
    if (index === undefined) {
      return { target: ready[Math.floor(random() * ready.length)]!, reason: 'shuffle' };
    }
    return index === -1 ? undefined : { target: ready[index]!, reason: 'strategy' };
  }

  /** Undefined: the strategy failed. */
  private ask(candidates: readonly Target[], context: SelectionContext): number | undefined {
    try {
      const index = this.options.strategy.select(candidates, context);
      if (Number.isInteger(index) && index >= -1 && index < candidates.length) return index;
      throw new TypeError(`The strategy picked ${String(index)} of ${candidates.length} candidates.`);
    } catch (error) {
      this.options.onStrategyFault(error);
      return undefined;
    }
  }
}
