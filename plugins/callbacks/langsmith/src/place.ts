// Where in a trace a run stands. LangSmith takes only runs whose ids and dotted order agree.
import { idsIn, segmentOf } from './ids.js';
import type { RunWishes } from './wishes.js';

export interface Place {
  readonly trace_id: string;
  readonly parent_run_id?: string;
  readonly dotted_order: string;
}

/**
 * A client may tell the run's own dotted order or its parent's, or just its parent's id. A trace's id alone does not say
 * where in that trace: such a run begins a trace of its own.
 */
export const placeOf = (id: string, startedAt: number, wishes: RunWishes): Place => {
  const own = segmentOf(startedAt, id);
  const above = ordersAbove(id, startedAt, wishes);
  const ids = idsIn([...above, own].join('.'));
  const parent = ids.at(-2);
  return {
    trace_id: ids[0]!,
    ...(parent !== undefined && { parent_run_id: parent }),
    dotted_order: wishes.dottedOrder && isOwn(wishes.dottedOrder, id) ? wishes.dottedOrder : [...above, own].join('.'),
  };
};

const ordersAbove = (id: string, startedAt: number, { dottedOrder, parentRunId, traceId }: RunWishes): string[] => {
  if (dottedOrder) {
    const segments = dottedOrder.split('.');
    return isOwn(dottedOrder, id) ? segments.slice(0, -1) : segments;
  }
  if (!parentRunId || parentRunId === id) return [];
  // When those above began is not known; LangSmith asks only for their ids.
  const ids = traceId && traceId !== parentRunId && traceId !== id ? [traceId, parentRunId] : [parentRunId];
  return ids.map((above) => segmentOf(startedAt, above));
};

const isOwn = (dottedOrder: string, id: string): boolean => idsIn(dottedOrder).at(-1) === id;
