// The journal and the ledger behind it: what waits, what was lost, and whether somebody listens.
import { FAULT_KINDS } from '@turnpike/journal';
import type { MetricSource } from '@turnpike/telemetry';
import type { Runtime } from '../../runtime/runtime.js';

export const journalSources = (runtime: Runtime): readonly MetricSource[] => {
  const { journal, ledger } = runtime;
  if (!journal || !ledger) return [];
  return [
    {
      name: 'turnpike_journal_entries',
      help: 'Finished calls that the ledger has not taken yet',
      read: (tell) => tell(journal.stats().entries),
    },
    {
      name: 'litellm_in_memory_spend_update_queue_size',
      help: 'Finished calls that the ledger has not taken yet',
      read: (tell) => tell(journal.stats().entries),
    },
    {
      name: 'turnpike_journal_bytes',
      help: 'Bytes of the journals: of entries not taken yet, of files, of entries that the disk did not take',
      labelNames: ['of'],
      read: (tell) => {
        const { bytes, diskBytes, memoryBytes } = journal.stats();
        tell(bytes, ['waiting']);
        tell(diskBytes, ['disk']);
        tell(memoryBytes, ['memory']);
      },
    },
    {
      name: 'turnpike_journal_max_bytes',
      help: 'Bytes that the files of the journals may have together',
      read: (tell) => tell(runtime.config.ledger.journal.maxBytes),
    },
    {
      name: 'turnpike_journal_oldest_seconds',
      help: 'Age of the oldest finished call that the ledger has not taken yet',
      combine: 'max',
      read: (tell) => tell(journal.stats().oldestMs / 1_000),
    },
    {
      name: 'turnpike_journal_calls_total',
      help: 'Finished calls by what became of them: appended, shipped, dropped, or refused since the journal was full',
      type: 'counter',
      labelNames: ['fate'],
      read: (tell) => {
        const { appended, shipped, dropped, refused } = journal.stats();
        tell(appended, ['appended']);
        tell(shipped, ['shipped']);
        tell(dropped, ['dropped']);
        tell(refused, ['refused']);
      },
    },
    {
      name: 'turnpike_journal_faults_total',
      help: 'What went wrong with the journals, by kind',
      type: 'counter',
      labelNames: ['kind'],
      read: (tell) => {
        const { faults } = journal.stats();
        for (const kind of FAULT_KINDS) tell(faults[kind], [kind]);
      },
    },
    {
      name: 'turnpike_ledger_watches',
      help: "Workers that hear of the ledger's changes as they happen",
      read: (tell) => tell(ledger.isAway ? 0 : 1),
    },
    {
      name: 'turnpike_ledger_unheard_seconds',
      help: 'Seconds since a worker last heard that it knows of all changes',
      combine: 'max',
      read: (tell) => {
        if (ledger.confirmedAt > 0) tell(Math.max(0, (runtime.clock.now() - ledger.confirmedAt) / 1_000));
      },
    },
  ];
};
