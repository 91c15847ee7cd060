// Names for calls. An id is unique but no secret, so it need not be random all through.
import { randomUUID } from 'node:crypto';

const GROUP = 12;

/** All but the last group of a UUID: what tells the calls of this process from those of any other. */
const OURS = randomUUID().slice(0, -GROUP);
let calls = 0;

/** Of a UUID's form, which is what clients of call ids know. Counts in decimal: those digits are hexadecimal too. */
export const newCallId = (): string => OURS + String((calls += 1)).padStart(GROUP, '0');
