// LangSmith's ids, and the order that places a run in its trace.
import { createHash } from 'node:crypto';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const WHOLE_UUID = new RegExp(`^${UUID}$`, 'i');
const DOTTED_ORDER = new RegExp(`^\\d{8}T\\d{6,12}Z${UUID}(?:\\.\\d{8}T\\d{6,12}Z${UUID})*$`, 'i');
const UUID_LENGTH = 36;
/** Of some twenty runs one below the other. */
const MAX_DOTTED_ORDER = 1_200;

export const isUuid = (text: string): boolean => WHOLE_UUID.test(text);

/** `20260115T120000000000Z<uuid>`, and so on down to the run itself. */
export const isDottedOrder = (text: string): boolean => text.length <= MAX_DOTTED_ORDER && DOTTED_ORDER.test(text);

/** The id of a call as a UUID, the same each time. */
export const uuidOf = (callId: string): string => {
  if (isUuid(callId)) return callId.toLowerCase();
  const hex = createHash('sha256').update(callId).digest('hex');
  // Version 8 is for ids of one's own making; RFC 9562, section 5.8.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
};

/** One run in a dotted order: when it began, to the microsecond, and which it is. */
export const segmentOf = (startedAt: number, id: string): string =>
  `${new Date(startedAt).toISOString().slice(0, -1).replaceAll(/[-:.]/g, '')}000Z${id}`;

/** The ids in a dotted order, from the trace's to the last run's. */
export const idsIn = (dottedOrder: string): string[] =>
  dottedOrder.split('.').map((segment) => segment.slice(-UUID_LENGTH).toLowerCase());
