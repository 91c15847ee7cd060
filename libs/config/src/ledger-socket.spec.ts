import { describe, expect, it } from '@jest/globals';
import { ledgerSocketIn } from './ledger-socket.js';

describe("the ledger's socket", () => {
  it('is in the data directory', () => expect(ledgerSocketIn('/data')).toBe('/data/ledger.sock'));

  it('of a directory with a long name is elsewhere, and always at the same place', () => {
    const long = `/${'d'.repeat(200)}`;
    expect(Buffer.byteLength(ledgerSocketIn(long))).toBeLessThan(108);
    expect(ledgerSocketIn(long)).toBe(ledgerSocketIn(long));
    expect(ledgerSocketIn(long)).not.toBe(ledgerSocketIn(`${long}x`));
  });
});
