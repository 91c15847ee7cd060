import { describe, expect, it } from '@jest/globals';
import { decodeText, displayPath } from './read-text.js';

const withMark = (mark: number[], bytes: Buffer): Buffer => Buffer.concat([Buffer.from(mark), bytes]);

describe('decodeText', () => {
  it.each([
    ['UTF-8', Buffer.from('é: 1')],
    ['UTF-8 with a mark', withMark([0xef, 0xbb, 0xbf], Buffer.from('é: 1'))],
    ['UTF-16 as Windows shells write it', withMark([0xff, 0xfe], Buffer.from('é: 1', 'utf16le'))],
    ['UTF-16, big end first', withMark([0xfe, 0xff], Buffer.from('é: 1', 'utf16le').swap16())],
  ])('reads %s', (_what, bytes) => expect(decodeText(bytes)).toBe('é: 1'));

  it('refuses other bytes', () => expect(() => decodeText(Buffer.from([0x61, 0xff, 0x62]))).toThrow('utf-8'));
});

describe('displayPath', () => {
  it.each([
    ['/app/config.yaml', 'config.yaml'],
    ['/app/models/a.yaml', 'models/a.yaml'],
    ['/etc/litellm.yaml', '/etc/litellm.yaml'],
  ])('shows %p from /app as %p', (path, shown) => expect(displayPath(path, '/app')).toBe(shown));
});
