import { describe, expect, it } from '@jest/globals';
import { httpTargetOf } from './address.js';

const basic = (text: string): object => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe('an address', () => {
  it.each<[string, string, object]>([
    ['https://host/x?y=1', 'https://host/x?y=1', {}],
    ['https://me:pass@host/x', 'https://host/x', basic('me:pass')],
    ['https://me:p%40ss%3A@host/', 'https://host/', basic('me:p@ss:')],
    ['https://token@host/', 'https://host/', basic('token:')],
    ['https://me:100%@host/', 'https://host/', basic('me:100%')],
  ])('%s is asked for without its user', (address, url, headers) => {
    expect(httpTargetOf(address)).toEqual({ url, headers });
  });
});
