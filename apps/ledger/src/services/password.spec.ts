import { describe, expect, it } from '@jest/globals';
import { hashPassword, isPassword } from './password.js';

describe('a password', () => {
  it('is known again, and no other one is', async () => {
    const stored = await hashPassword('correct horse');
    expect(stored).toMatch(/^scrypt\$32768\$[\w-]{22}\$[\w-]{43}$/);
    expect(await isPassword('correct horse', stored)).toBe(true);
    expect(await isPassword('correct horsE', stored)).toBe(false);
  });

  it('is kept differently each time', async () => {
    expect(await hashPassword('correct horse')).not.toBe(await hashPassword('correct horse'));
  });

  it('is the same however its letters are composed', async () => {
    expect(await isPassword('cafe\u0301 au lait', await hashPassword('caf\u00e9 au lait'))).toBe(true);
  });

  it.each(['short', 'x'.repeat(129)])('is refused: %s', async (password) => {
    await expect(hashPassword(password)).rejects.toThrow(/8 to 128/);
  });

  it.each(['', 'plain text', 'scrypt$1$$'])('is not known by %j', async (stored) => {
    expect(await isPassword('plain text', stored)).toBe(false);
  });
});
