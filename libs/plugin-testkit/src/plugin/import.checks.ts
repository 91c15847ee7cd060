// Importing a plugin does nothing, shown in a process of its own.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { check, must, type Check } from '../check.js';
import type { PluginSubject } from './conformance.js';
import { packageEntry } from './package-entry.js';

const PROBE = fileURLToPath(new URL('../../probe/import-probe.mjs', import.meta.url));
const DEADLINE_MS = 20_000;

interface Probed {
  /** How the process ended; null when it had to be killed. */
  exitCode: number | null;
  /** Whatever it wrote to standard output and error. */
  output: string;
  report: { problem?: string; effects: string[]; ids: string[] } | undefined;
}

const probe = (entry: URL): Promise<Probed> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROBE, entry.href], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
    const texts = { output: '', report: '' };
    const read = (index: number, into: keyof typeof texts) =>
      child.stdio[index]?.on('data', (bytes: Buffer) => {
        texts[into] += bytes.toString('utf8');
      });
    read(1, 'output');
    read(2, 'output');
    read(3, 'report');
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    child.on('error', reject);
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      const report = texts.report === '' ? undefined : (JSON.parse(texts.report) as Probed['report']);
      resolve({ exitCode, output: texts.output, report });
    });
  });

export const importChecks = (subject: PluginSubject): Check[] => [
  check(
    'import/no-effect',
    'does nothing when it is imported: no timer, connection, file or output',
    async () => {
      const { exitCode, output, report } = await probe(subject.entry ?? packageEntry(subject.entryNear));
      must(exitCode !== null, `The process did not end by itself after the import within ${DEADLINE_MS} ms.`);
      must(report && report.problem === undefined, `It cannot be imported: ${report?.problem ?? output}`);
      must(report.effects.length === 0, `It called ${report.effects.join(', ')}.`);
      must(output === '', `It wrote: ${output}`);
      must(exitCode === 0, `The process ended with code ${exitCode}.`);
      must(
        report.ids.includes(subject.plugin.id),
        `Its default export holds ${report.ids.join(', ')} and not ${subject.plugin.id}.`,
      );
    },
    DEADLINE_MS + 10_000,
  ),
];
