// Which calls of the log are meant.
import type { NanoUsd } from '@turnpike/domain';
import { containing } from '../repositories/paging.js';
import { dayOfId } from '../settlement/read-entry.js';
import { Conditions, type SpendScope } from './conditions.js';

/** Each narrows what is found; absent: it does not. */
export interface SpendLogFilter {
  readonly keys?: readonly string[];
  readonly users?: readonly string[];
  readonly teams?: readonly string[];
  readonly organizations?: readonly string[];
  readonly customers?: readonly string[];
  readonly tag?: string;
  /** The group, or as the upstream calls it. */
  readonly model?: string;
  readonly group?: string;
  /** `provider.openai` */
  readonly provider?: string;
  readonly deployment?: string;
  readonly status?: string;
  readonly errorCode?: string;
  /** A part of what the caller was told. */
  readonly errorMessage?: string;
  readonly sessionId?: string;
  /** An id, or as the caller was told. */
  readonly callId?: string;
  /** Epoch milliseconds: calls that were on record from then on. */
  readonly from?: number;
  /** Epoch milliseconds, not included. */
  readonly to?: number;
  readonly minCost?: NanoUsd;
  readonly maxCost?: NanoUsd;
  /** What is of one of these. */
  readonly within?: SpendScope;
}

/** Of the log alone. */
export const logConditions = (filter: SpendLogFilter): Conditions => {
  const conditions = new Conditions();
  conditions.among('key_hash', filter.keys);
  conditions.among('user_id', filter.users);
  conditions.among('team_id', filter.teams);
  conditions.among('organization_id', filter.organizations);
  conditions.among('customer_id', filter.customers);
  conditions.equal('deployment_id', filter.deployment);
  conditions.equal('status', filter.status);
  // As the index of these has it.
  if (filter.status !== undefined && filter.status !== 'success') conditions.add(`status <> 'success'`);
  conditions.equal('error_code', filter.errorCode);
  conditions.equal('session_id', filter.sessionId);
  addCall(conditions, filter.callId);
  addModel(conditions, filter.model);
  conditions.equal('model_group', filter.group);
  conditions.equal('provider', filter.provider);
  if (filter.tag !== undefined) conditions.add(`${conditions.parameter(filter.tag, 'text')} = ANY(tags)`);
  if (filter.errorMessage !== undefined) {
    const part = conditions.parameter(containing(filter.errorMessage), 'text');
    // The index of errors leaves out the calls that had none.
    conditions.add(`error_code IS NOT NULL AND detail->'error'->>'message' ILIKE ${part}`);
  }
  if (filter.within) conditions.within(filter.within);
  conditions.atLeast('cost_nano', filter.minCost);
  conditions.atMost('cost_nano', filter.maxCost);
  // Ids begin with their time, so that a time of day, too, is found by the index.
  if (filter.from !== undefined) {
    conditions.add(`day >= ${conditions.parameter(dayOfId(firstId(filter.from)), 'date')}`);
    conditions.add(`id >= ${conditions.parameter(firstId(filter.from), 'uuid')}`);
  }
  if (filter.to !== undefined) {
    conditions.add(`day <= ${conditions.parameter(dayOfId(firstId(filter.to)), 'date')}`);
    conditions.add(`id < ${conditions.parameter(firstId(filter.to), 'uuid')}`);
  }
  return conditions;
};

export const addModel = (conditions: Conditions, model: string | undefined): void => {
  if (model === undefined) return;
  const parameter = conditions.parameter(model, 'text');
  conditions.add(`(model = ${parameter} OR model_group = ${parameter})`);
};

/** A caller may have chosen its call id so that it looks like an id of ours. */
const addCall = (conditions: Conditions, callId: string | undefined): void => {
  if (callId === undefined) return;
  const told = `call_id = ${conditions.parameter(callId, 'text')}`;
  const id = callId.toLowerCase();
  if (!isLogId(id)) return conditions.add(told);
  const [day, uuid] = [conditions.parameter(dayOfId(id), 'date'), conditions.parameter(id, 'uuid')];
  conditions.add(`(${told} OR (spend_logs.day = ${day} AND spend_logs.id = ${uuid}))`);
};

const LAST_MOMENT = Date.UTC(2100, 0, 1);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Lower case, and of a day that can be. */
export const isLogId = (text: string): boolean => UUID.test(text) && text < firstId(LAST_MOMENT);

/** The least id of a millisecond. */
const firstId = (time: number): string => {
  const hex = Math.trunc(Math.min(Math.max(time, 0), LAST_MOMENT))
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};
