// Calls that ended with an error, counted by day and deployment.
import type { DataSource } from 'typeorm';
import { Conditions } from './conditions.js';

export interface ErrorCount {
  readonly day: string;
  /** Of the last attempt; empty: the call got to none. */
  readonly deployment: string;
  readonly errors: number;
}

export interface ErrorFilter {
  /** Days in UTC, both included; checked. */
  readonly from: string;
  readonly to: string;
  readonly group?: string;
  /** As callers were answered. */
  readonly statusCode?: number;
}

const MOST = 10_000;

/** Days in order, and within a day the most errors first. */
export const countErrors = async (
  dataSource: DataSource,
  { from, to, group, statusCode }: ErrorFilter,
): Promise<ErrorCount[]> => {
  const conditions = new Conditions();
  // The index of errors leaves out the calls that had none.
  conditions.add('error_code IS NOT NULL');
  conditions.add(`day BETWEEN ${conditions.parameter(from, 'date')} AND ${conditions.parameter(to, 'date')}`);
  conditions.equal('model_group', group);
  if (statusCode !== undefined) conditions.add(`status_code = ${conditions.parameter(statusCode, 'integer')}`);
  const rows = await dataSource.query<{ on_day: string; deployment: string; errors: string }[]>(
    `SELECT day::text AS on_day, coalesce(deployment_id, '') AS deployment, count(*) AS errors
       FROM turnpike.spend_logs ${conditions.where()}
      GROUP BY day, deployment_id ORDER BY day, errors DESC, deployment_id LIMIT ${MOST}`,
    conditions.parameters,
  );
  return rows.map(({ on_day: day, deployment, errors }) => ({ day, deployment, errors: Number(errors) }));
};
