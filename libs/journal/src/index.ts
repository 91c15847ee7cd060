// @turnpike/journal: spend entries that survive the process that wrote them, and are shipped to the ledger in batches.
export { adoptAbandoned, type AdoptOptions, type Adoption } from './adopt.js';
export { EntryList } from './entry-list.js';
export { entryId, entryIds, type EntryIdOptions } from './entry-id.js';
export { FAULT_KINDS, type FaultKind, type FaultListeners, type JournalFault } from './faults.js';
export type { JournalFiles } from './files.js';
export { openJournal, type CloseReport, type Journal, type JournalStats } from './journal.js';
export type { JournalBatch, JournalOptions, Ship, ShippingOptions } from './options.js';
export type { SyncMode } from './syncer.js';
