// Where a request goes: the levels of the name it asked for, then those of the fallbacks, depth first.
import type { FallbackTarget, JsonObject } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import { fallbacksFor } from './fallbacks.js';
import { groupOf, type Level, type Resolution } from './model-index.js';
import type { RoutingRequest } from './request.js';
import type { RoutingContext } from './routing.js';
import { allowedOf } from './tags.js';

/** One level on the way. */
export interface Stop {
  readonly level: Level;
  /** The further levels of its group. */
  readonly below: readonly Level[];
  /** What its group is called: the name that led here, then its own. */
  readonly names: readonly [string, string];
  /** Request fields that the fallback's entry replaces. */
  readonly overrides: JsonObject | undefined;
  /** 0: what was asked for; then the number of the fallback. */
  readonly fallback: number;
}

const NO_LEVELS: readonly Level[] = [];

export class Itinerary {
  /** Fallbacks begun so far. */
  fallbacks = 0;
  private levels: readonly Level[];
  private position = 0;
  /** The fallback under way; undefined: what was asked for. */
  private entry: FallbackTarget | undefined;
  /** Fallbacks of the groups that were left since then, and those that were not reached before. */
  private found: readonly FallbackTarget[] = [];
  private later: readonly FallbackTarget[] = [];
  /** Keys of groups, and entries that change the request. */
  private visited: Set<string | FallbackTarget> | undefined;

  constructor(
    private readonly context: RoutingContext,
    private readonly request: RoutingRequest,
    private readonly resolution: Resolution,
  ) {
    this.levels = this.levelsOf(resolution);
  }

  /** Undefined: there is nowhere else to go. */
  next(): Stop | undefined {
    const level = this.levels[this.position] ?? this.firstOfNextFallback();
    if (!level) return undefined;
    this.position += 1;
    return {
      level,
      below: this.below(level),
      names: [this.entry?.model ?? this.resolution.requested, level.group.name],
      overrides: this.entry?.overrides,
      fallback: this.fallbacks,
    };
  }

  /** The further levels of the group are of no use either. */
  skipGroup({ below }: Stop): void {
    this.position += below.length;
  }

  /** The group could not answer, for this reason; its fallbacks are next. */
  leaveGroup({ names, level }: Stop, error: GatewayError): void {
    this.visit(level.group.key);
    const found = fallbacksFor(names, error, this.request.wishes, this.context.settings);
    if (found.length > 0) this.found = [...this.found, ...found];
  }

  private below({ group }: Level): readonly Level[] {
    if (this.levels[this.position]?.group !== group) return NO_LEVELS;
    return this.levels.slice(this.position).filter((level) => level.group === group);
  }

  private firstOfNextFallback(): Level | undefined {
    this.later = [...this.found, ...this.later];
    this.found = [];
    const { index, settings } = this.context;
    while (this.later.length > 0 && this.fallbacks < settings.maxFallbacks) {
      const [entry, ...rest] = this.later as [FallbackTarget, ...FallbackTarget[]];
      this.later = rest;
      const resolution = index.resolve(entry.model, this.request.teamId);
      const levels = resolution ? this.levelsOf(resolution).filter((level) => this.isNew(level, entry)) : [];
      if (levels.length === 0) continue;
      this.fallbacks += 1;
      this.visit(entry);
      this.entry = entry;
      this.levels = levels;
      this.position = 0;
      return levels[0];
    }
    return undefined;
  }

  /** A group is tried once with the request as it came, and once with each entry that changes it. */
  private isNew({ group }: Level, entry: FallbackTarget): boolean {
    return !this.visited?.has(entry.overrides ? entry : group.key);
  }

  private visit(one: string | FallbackTarget): void {
    (this.visited ??= new Set()).add(one);
  }

  private levelsOf({ groups, levels }: Resolution): readonly Level[] {
    const { settings } = this.context;
    if (!settings.enableTagFiltering) return levels;
    return groups.flatMap((group) => {
      const allowed = allowedOf(group, this.request.wishes, settings);
      return allowed.length === group.targets.length ? group.levels : groupOf(group.name, group.key, allowed).levels;
    });
  }
}
