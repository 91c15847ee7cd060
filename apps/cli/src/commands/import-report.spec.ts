import { expect, it } from '@jest/globals';
import type { ImportReport } from '@turnpike/rpc';
import { formatReport } from './import-report.js';

const aReport = (some: Partial<ImportReport> = {}): ImportReport => ({
  dryRun: false,
  counts: [
    { noun: 'keys', found: 1_200, created: 1_199, updated: 0, kept: 0, failed: 1, gone: 0 },
    { noun: 'team_memberships', found: 0, created: 0, updated: 0, kept: 0, failed: 0, gone: 0 },
  ],
  problems: [{ table: 'LiteLLM_VerificationToken', id: 'abc', message: 'token is empty: not taken over' }],
  missingTables: ['LiteLLM_TagTable'],
  startedAt: undefined,
  endedAt: undefined,
  ...some,
});

it('shows the columns in which something happened, what was missing, and what is not as it was', () => {
  expect(formatReport(aReport())).toBe(
    [
      'The import is done.',
      '',
      '                  found    new  not taken over',
      'keys              1,200  1,199               1',
      'team memberships      0      0               0',
      '',
      'Not in that database: LiteLLM_TagTable.',
      '',
      'Not as it was there:',
      '  LiteLLM_VerificationToken abc: token is empty: not taken over',
      '',
    ].join('\n'),
  );
});

it('says of a dry run that nothing was written, and what would be', () => {
  const text = formatReport(aReport({ dryRun: true, problems: [], missingTables: [] }));
  expect(text).toContain('Dry run: nothing was written.');
  expect(text).toContain('would be new');
  expect(text).not.toContain('Not as it was');
});

it('lets nothing that stood in a database move the cursor of a terminal', () => {
  const problems = [{ table: 't', id: 'a\x1b[2J', message: 'b\rc\u0007' }];
  expect(formatReport(aReport({ problems }))).toContain('  t a\uFFFD[2J: b\uFFFDc\uFFFD');
});
