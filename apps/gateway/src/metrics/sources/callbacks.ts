// Queues of callbacks: what they have not been told yet.
import type { MetricSource } from '@turnpike/telemetry';
import type { QueueDepth } from '../../callbacks/delivery.js';
import type { Runtime } from '../../runtime/runtime.js';

export const callbackSources = (runtime: Runtime): readonly MetricSource[] => [
  {
    name: 'turnpike_callback_queue_depth',
    help: 'Events that wait to be told to a callback',
    labelNames: ['callback'],
    read: (tell) => {
      for (const [name, events] of sumsOf(runtime, ({ events }) => events)) tell(events, [name]);
    },
  },
  {
    name: 'turnpike_callback_queue_bytes',
    help: 'Bytes of prompts and answers that wait to be told to a callback',
    labelNames: ['callback'],
    read: (tell) => {
      for (const [name, bytes] of sumsOf(runtime, ({ bytes }) => bytes)) tell(bytes, [name]);
    },
  },
];

/** By callback: keys that bring one have queues of their own. */
const sumsOf = ({ current }: Runtime, figure: (queue: QueueDepth) => number): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const queue of current.callbacks.depths()) sums.set(queue.name, (sums.get(queue.name) ?? 0) + figure(queue));
  return sums;
};
