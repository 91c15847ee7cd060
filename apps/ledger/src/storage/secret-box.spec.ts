import { describe, expect, it } from '@jest/globals';
import { SecretBox } from './secret-box.js';

const PLACE = 'models/m-1/litellm_params';

describe('a secret box', () => {
  const box = new SecretBox('salt');

  it.each(['', 'sk-upstream', '{"api_key":"ключ 🔑"}', 'x'.repeat(100_000)])('opens what it sealed', (text) => {
    expect(box.open(box.seal(text, PLACE), PLACE)).toBe(text);
  });

  it('shows nothing, and never seals twice alike', () => {
    const sealed = box.seal('sk-upstream', PLACE);
    expect(sealed).toMatch(/^tp1:[0-9a-f]{8}:[A-Za-z0-9_-]+$/);
    expect(sealed).not.toContain('upstream');
    expect(box.seal('sk-upstream', PLACE)).not.toBe(sealed);
  });

  it('opens nothing in another place, with another key, or after a change', () => {
    const sealed = box.seal('sk-upstream', PLACE);
    expect(() => box.open(sealed, 'models/m-2/litellm_params')).toThrow('damaged, or another place');
    expect(() => new SecretBox('pepper').open(sealed, PLACE)).toThrow('another LITELLM_SALT_KEY');
    const head = sealed.length - 5;
    const changed = sealed.slice(0, head) + (sealed[head] === 'A' ? 'B' : 'A') + sealed.slice(head + 1);
    expect(() => box.open(changed, PLACE)).toThrow('damaged');
    expect(() => box.open(sealed.slice(0, 20), PLACE)).toThrow('damaged');
    expect(() => box.open('sk-upstream', PLACE)).toThrow('another LITELLM_SALT_KEY');
  });

  it('opens what an earlier key sealed, and tells that it is to be sealed anew', () => {
    const sealed = box.seal('sk-upstream', PLACE);
    const rotated = new SecretBox('pepper', ['salt']);
    expect(rotated.open(sealed, PLACE)).toBe('sk-upstream');
    expect(rotated.isCurrent(sealed)).toBe(false);
    expect(rotated.isCurrent(rotated.seal('sk-upstream', PLACE))).toBe(true);
  });
});
