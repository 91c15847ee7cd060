import { beforeEach, expect, it } from '@jest/globals';
import { LedgerClock } from './ledger-clock.js';

const MINUTE = 60_000;
let own: number;
let clock: LedgerClock;

beforeEach(() => {
  own = 10 * MINUTE;
  clock = new LedgerClock(() => own);
});

it('is our own until the ledger is heard', () => expect(clock.now()).toBe(10 * MINUTE));

it.each([5 * MINUTE, 20 * MINUTE])('is the ledger’s, wherever our own stands: %d', (ledgers) => {
  clock.heard(ledgers);
  own += 1_000;
  expect(clock.now()).toBe(ledgers + 1_000);
});

it('does not go back for news that come late', () => {
  clock.heard(own);
  // A process that stood still for 8 s finds what was said meanwhile.
  own += 8_000;
  for (const said of [1_000, 3_000, 8_000]) clock.heard(10 * MINUTE + said);
  expect(clock.offsetMs).toBe(0);
  own += 60_000;
  clock.heard(own - 2_000);
  expect(clock.offsetMs).toBe(0);
});

it('goes back when all news say so for long, and at once where they say more', () => {
  clock.heard(own + 5 * MINUTE);
  for (let seconds = 0; seconds <= 30; seconds += 5) {
    clock.heard(own - 20);
    own += 5_000;
  }
  expect(clock.offsetMs).toBe(-20);
  clock.heard(own + MINUTE);
  expect(clock.offsetMs).toBe(MINUTE);
});
