// Where calls are written, and how long they stay.
import { z } from '@turnpike/plugin-sdk';

/** `requests`, `logs.requests`; short enough for the names of indexes. */
const TABLE = /^[a-z_][a-z0-9_]{0,39}(?:\.[a-z_][a-z0-9_]{0,39})?$/;

export const config = z.strictObject({
  database_url: z
    .string()
    .regex(/^postgres(?:ql)?:\/\/\S+$/, { error: 'is no address such as postgresql://user:password@host:5432/name' })
    .optional()
    .describe('postgresql://user:password@host:5432/name. Absent, or the ledger’s: calls are left to the ledger'),
  table: z
    .string()
    .regex(TABLE, { error: 'is no name such as requests or logs.requests, in lower case' })
    .default('turnpike_requests')
    .describe('Made when it is not there'),
  retention_days: z.coerce.number().positive().optional().describe('Older calls are deleted. Absent: they stay'),
  max_batch: z.coerce.number().int().min(1).max(1_000).default(200).describe('Calls in one statement, at most'),
  flush_interval: z.coerce.number().positive().max(60).default(1).describe('Seconds that a call waits for others'),
});
