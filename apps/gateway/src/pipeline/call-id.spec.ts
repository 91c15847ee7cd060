import { describe, expect, it } from '@jest/globals';
import { newCallId } from './call-id.js';

describe('a call id', () => {
  it('has the form of a random UUID', () => {
    expect(newCallId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is no other call’s', () => {
    const ids = Array.from({ length: 1_000 }, newCallId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
