// How the gateway itself is: calls under way, lines, pools, caches, and what is away.
import type { MetricSource } from '@turnpike/telemetry';
import { DEGRADED_STATES } from '../../runtime/degraded-states.js';
import type { Runtime } from '../../runtime/runtime.js';
import { VERSION } from '../../version.js';

export const runtimeSources = (runtime: Runtime): readonly MetricSource[] => [
  {
    name: 'litellm_in_flight_requests',
    help: 'Requests being handled',
    read: (tell) => tell(runtime.callsUnderWay),
  },
  {
    name: 'turnpike_degraded',
    help: 'Workers for which something is away or wrong, by what it is',
    labelNames: ['state'],
    read: (tell) => {
      for (const state of DEGRADED_STATES) tell(state.isOn(runtime) ? 1 : 0, [state.name]);
    },
  },
  {
    name: 'turnpike_info',
    help: 'What runs; always 1',
    combine: 'max',
    labelNames: ['version', 'strategy'],
    read: (tell) => tell(1, [VERSION, runtime.current.strategyId]),
  },
  {
    name: 'turnpike_draining_workers',
    help: 'Workers that take no new requests and finish what they have',
    read: (tell) => tell(runtime.isDraining ? 1 : 0),
  },
  {
    name: 'turnpike_queue_waiting',
    help: 'Requests that wait in the queue for room',
    read: (tell) => tell(runtime.current.waitingRoom?.size ?? 0),
  },
  {
    name: 'turnpike_upstream_connections',
    help: 'Requests to an upstream: on a connection, or waiting for one',
    labelNames: ['origin', 'state'],
    read: (tell) => {
      for (const { origin, running, queued } of runtime.http.stats()) {
        tell(running, [origin, 'running']);
        tell(queued, [origin, 'queued']);
      }
    },
  },
  {
    name: 'turnpike_key_cache_keys',
    help: 'Virtual keys that are known without asking the ledger',
    read: (tell) => tell(runtime.ledger?.keys.size ?? 0),
  },
  {
    name: 'turnpike_key_lookups_total',
    help: 'Requests with a key other than the master key',
    type: 'counter',
    read: (tell) => tell(runtime.keys.lookups),
  },
  {
    name: 'turnpike_key_questions_total',
    help: 'Keys that the ledger was asked for',
    type: 'counter',
    read: (tell) => tell(runtime.ledger?.keyQuestions ?? 0),
  },
  {
    name: 'turnpike_limits_keys',
    help: 'Keys, teams, models … whose limits are counted here',
    read: (tell) => tell(runtime.limits.keys),
  },
  {
    name: 'turnpike_plugins',
    help: 'Plugin instances, by how they are',
    labelNames: ['plugin', 'status'],
    read: (tell) => {
      const counts = new Map<string, { plugin: string; status: string; count: number }>();
      for (const { id, status, hooks } of runtime.current.graph.all()) {
        const shown = hooks.isResting ? 'resting' : status;
        const counted = counts.get(`${id} ${shown}`) ?? { plugin: id, status: shown, count: 0 };
        counted.count += 1;
        counts.set(`${id} ${shown}`, counted);
      }
      for (const { plugin, status, count } of counts.values()) tell(count, [plugin, status]);
    },
  },
];
