import { describe, expect, it } from '@jest/globals';
import { ERRORS, type ErrorKind, type ErrorRow } from './table.js';

const ROWS = Object.entries<ErrorRow>(ERRORS);

/** Statuses that a kind may have. */
const STATUSES: Record<ErrorKind, readonly number[]> = {
  authentication: [401],
  'permission-denied': [403],
  'not-found': [404],
  'invalid-request': [400, 405, 409, 413, 415, 422, 431],
  'rate-limit': [402, 429],
  'budget-exceeded': [429],
  timeout: [408],
  'upstream-unavailable': [409, 500, 503],
  'upstream-invalid-response': [502],
  'no-deployment-ready': [429],
  'no-deployment-usable': [503],
  'client-closed': [499],
  unavailable: [503],
  internal: [500],
  plugin: [0, 500],
  config: [0],
};

describe('the table of errors', () => {
  it.each(ROWS)('%s says what it means and what to do', (code, row) => {
    expect(code).toMatch(/^GW(_[A-Z]+)+$/);
    for (const text of [row.meaning, row.remedy]) expect(text).toMatch(/^[A-Z`].{8,120}\.$/);
    expect(row.meaning).not.toBe(row.remedy);
  });

  it.each(ROWS)('%s has a status that fits its kind', (_code, row) => expect(STATUSES[row.kind]).toContain(row.status));

  it.each(ROWS)('%s has words of its own for clients', (_code, row) => {
    expect(row.type).toMatch(/^[a-z_]+$/);
    if (row.openAiCode !== null) expect(row.openAiCode).toMatch(/^[a-z_]+$/);
  });

  it.each(ROWS.filter(([, { status }]) => status >= 400 && status < 500))(
    '%s is worth a second try only when waiting helps',
    (_code, { status, retryable }) => expect(retryable && ![408, 409, 429].includes(status)).toBe(false),
  );

  it.each(ROWS.filter(([, { status }]) => status >= 500))(
    '%s may pass when it is tried again',
    (_code, { retryable }) => expect(retryable).toBe(true),
  );

  it('tells clients of a spent budget not to come back', () => {
    expect(ERRORS.GW_BUDGET_EXCEEDED).toMatchObject({ status: 429, type: 'budget_exceeded', retryable: false });
  });
});
