// What may be away or wrong while this gateway serves all the same. Each has one name: in readiness, in the metric
// `turnpike_degraded`, in an alert rule and in docs/degraded/.
import type { Runtime } from './runtime.js';

export interface DegradedState {
  readonly name: string;
  /** Behind its name in readiness; empty: readiness says more by other means. */
  readonly message: string;
  isOn(runtime: Runtime): boolean;
}

export const DEGRADED_STATES: readonly DegradedState[] = [
  {
    name: 'ledger_away',
    message: 'known keys go on, and finished calls wait in the journal until the ledger is back',
    isOn: ({ ledger }) => ledger?.isAway === true,
  },
  {
    name: 'redis_away',
    message: 'limits hold on each machine alone until Redis is back',
    isOn: ({ limits }) => limits.isDegraded,
  },
  {
    name: 'journal_full',
    message: 'calls that cost something are refused until the ledger has taken entries',
    isOn: ({ journal }) => journal?.isFull === true,
  },
  {
    name: 'journal_fault',
    message: 'the disk does not do what the journal asks of it; the log says what',
    isOn: ({ ledger }) => (ledger?.faults.size ?? 0) > 0,
  },
  {
    name: 'plugin_resting',
    message: 'a plugin failed too often and is left alone for a while',
    isOn: ({ current }) => current.graph.all().some(({ hooks }) => hooks.isResting),
  },
  {
    name: 'model_unavailable',
    message: 'all deployments of a model rest after failures',
    isOn: ({ config, state, clock }: Runtime): boolean => {
      const now = clock.now();
      const hasReady = new Map<string, boolean>();
      for (const deployment of config.deployments) {
        const isReady = state.of(deployment).health.coolUntil <= now;
        hasReady.set(deployment.modelName, isReady || hasReady.get(deployment.modelName) === true);
      }
      return [...hasReady.values()].includes(false);
    },
  },
  {
    name: 'jwt_keys_away',
    message: 'tokens are checked by the keys that are known until their issuer is back',
    isOn: ({ areJwtKeysAway }) => areJwtKeysAway,
  },
  {
    name: 'stored_configuration_awaited',
    message: '',
    isOn: ({ live }) => live.isAwaited,
  },
  {
    name: 'stored_configuration_refused',
    message: '',
    isOn: ({ live }) => live.isRefused,
  },
  {
    name: 'stored_secrets_unreadable',
    message: '',
    isOn: ({ live }) => live.stored.undecryptable.length > 0,
  },
  {
    name: 'configured_off',
    message: '',
    isOn: ({ off }) => off.length > 0,
  },
  {
    name: 'reload_failed',
    message: 'the configuration on disk is refused, and the former one is in use',
    isOn: ({ hasRefusedReload }) => hasRefusedReload,
  },
];

/** `name: message` of all that are on. */
export const degradedNow = (runtime: Runtime): string[] =>
  DEGRADED_STATES.filter((state) => state.message !== '' && state.isOn(runtime)).map(
    ({ name, message }) => `${name}: ${message}`,
  );
