// Rate limits of keys and teams: what they may, what they used of it this minute, and what is left for one model.
import type { MetricSource, Tell } from '@turnpike/telemetry';
import type { Runtime } from '../../runtime/runtime.js';
import type { CallerFacts } from '../caller-book.js';
import { shortHash } from '../callers.js';

type Limited = CallerFacts['limits'][number];
type Kind = 'requests' | 'tokens' | 'parallel';

const limitIn = ({ limits }: Limited, kind: Kind): number | undefined =>
  kind === 'requests' ? limits?.rpm : kind === 'tokens' ? limits?.tpm : limits?.maxParallelRequests;

const usedOf = ({ limits }: Runtime, { scope }: Limited, kind: Kind): number => {
  const { requests, tokens, inFlight } = limits.usage(scope);
  return kind === 'requests' ? requests : kind === 'tokens' ? tokens : inFlight;
};

const KINDS: readonly Kind[] = ['requests', 'tokens', 'parallel'];

/** One figure for each limit of a key, or of a team, that holds for all of its models. */
const allowedAndUsed = (runtime: Runtime, owner: 'key' | 'team'): readonly MetricSource[] => {
  const name = owner === 'key' ? 'api_key' : 'team';
  const labelNames = owner === 'key' ? ['hashed_api_key', 'api_key_alias'] : ['team', 'team_alias'];
  const labelsOf = ({ keyHash, keyAlias, teamId, teamAlias }: CallerFacts): string[] =>
    owner === 'key' ? [shortHash(keyHash), keyAlias] : [teamId, teamAlias];
  const read = (figure: (limited: Limited, kind: Kind, limit: number) => number) => (tell: Tell) => {
    const told = new Set<string>();
    for (const caller of runtime.metrics.book.all()) {
      for (const limited of caller.limits) {
        if (limited.model !== '' || !limited.scope.startsWith(`${owner}:`) || told.has(limited.scope)) continue;
        told.add(limited.scope);
        for (const kind of KINDS) {
          const limit = limitIn(limited, kind);
          if (limit !== undefined) tell(figure(limited, kind, limit), [...labelsOf(caller), kind]);
        }
      }
    }
  };
  return [
    {
      name: `litellm_${name}_rate_limit_allowed_metric`,
      help: 'Requests and tokens a minute, and requests at a time, that it may have',
      combine: 'max',
      labelNames: [...labelNames, 'rate_limit_type'],
      read: read((_limited, _kind, limit) => limit),
    },
    {
      name: `litellm_${name}_rate_limit_used_metric`,
      help: 'Requests and tokens of this minute, and requests under way, on this machine',
      labelNames: [...labelNames, 'rate_limit_type'],
      read: read((limited, kind) => usedOf(runtime, limited, kind)),
    },
  ];
};

/** What is left of a key's own limit for one model, of all workers together. */
const leftForModel = (runtime: Runtime, kind: 'requests' | 'tokens'): MetricSource => ({
  name: `litellm_remaining_api_key_${kind}_for_model`,
  help: `What is left this minute of a key's limit of ${kind} for one model`,
  combine: 'left',
  labelNames: ['hashed_api_key', 'api_key_alias', 'model'],
  read: (tell) => {
    for (const { keyHash, keyAlias, limits } of runtime.metrics.book.all()) {
      for (const limited of limits) {
        if (limited.model === '' || !limited.scope.startsWith('key:')) continue;
        const limit = limitIn(limited, kind);
        if (limit !== undefined)
          tell(usedOf(runtime, limited, kind), [shortHash(keyHash), keyAlias, limited.model], limit);
      }
    }
  },
});

export const callerLimitSources = (runtime: Runtime): readonly MetricSource[] => [
  ...allowedAndUsed(runtime, 'key'),
  ...allowedAndUsed(runtime, 'team'),
  leftForModel(runtime, 'requests'),
  leftForModel(runtime, 'tokens'),
];
