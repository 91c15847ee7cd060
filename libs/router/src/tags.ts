// Tag routing: which targets of a group a request's tags allow.
import type { Deployment, RouterSettings } from '@turnpike/domain';
import type { ResolvedGroup } from './model-index.js';
import type { RoutingWishes } from './request.js';
import type { Target } from './target.js';

/** Deployments with this tag take what no other tag claims. */
const DEFAULT_TAG = 'default';

/** The targets of a group that a request may go to: all, where tags are nothing, or the one that it asked for. */
export const allowedOf = (
  { targets, isPinned }: ResolvedGroup,
  wishes: RoutingWishes,
  { enableTagFiltering, tagFilteringMatchAny }: Pick<RouterSettings, 'enableTagFiltering' | 'tagFilteringMatchAny'>,
): readonly Target[] => (enableTagFiltering && !isPinned ? byTags(targets, wishes, tagFilteringMatchAny) : targets);

/**
 * The targets that the tags of a request allow. With tags: those that match, else those tagged `default`. Without:
 * those tagged `default` if there are any, else all.
 *
 * @param matchAny one common tag is enough; else the deployment needs all of them
 */
export const byTags = (
  targets: readonly Target[],
  { tags = [], userAgent }: RoutingWishes,
  matchAny: boolean,
): readonly Target[] => {
  const excluded = tags.filter((tag) => tag.startsWith('!')).map((tag) => tag.slice(1));
  const required = tags.filter((tag) => tag.startsWith('&')).map((tag) => tag.slice(1));
  const plain = tags.filter((tag) => !tag.startsWith('!') && !tag.startsWith('&'));
  const allowed = targets.filter(
    ({ deployment }) =>
      !excluded.some((tag) => deployment.tags.includes(tag)) && required.every((tag) => deployment.tags.includes(tag)),
  );
  const defaults = allowed.filter(({ deployment }) => deployment.tags.includes(DEFAULT_TAG));
  // Where all tags are needed, a pattern does not make up for one that is missing.
  const isPatternEnough = matchAny || plain.length === 0;
  const matching = allowed.filter(
    ({ deployment }) => hasTags(deployment, plain, matchAny) || (isPatternEnough && hasPattern(deployment, userAgent)),
  );
  if (matching.length > 0) return matching;
  if (plain.length > 0) return defaults;
  return defaults.length > 0 && required.length === 0 ? defaults : allowed;
};

const hasTags = ({ tags }: Deployment, wanted: readonly string[], matchAny: boolean): boolean =>
  wanted.length > 0 &&
  (matchAny ? wanted.some((tag) => tags.includes(tag)) : wanted.every((tag) => tags.includes(tag)));

const hasPattern = ({ tagRegex }: Deployment, userAgent: string | undefined): boolean =>
  userAgent !== undefined && tagRegex.some((pattern) => patternOf(pattern)?.test(`User-Agent: ${userAgent}`));

/** Patterns come from the configuration, so they are few. Null: not a pattern. */
const patterns = new Map<string, RegExp | null>();

const patternOf = (source: string): RegExp | null => {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    try {
      pattern = new RegExp(source);
    } catch {
      pattern = null;
    }
    patterns.set(source, pattern);
  }
  return pattern;
};
