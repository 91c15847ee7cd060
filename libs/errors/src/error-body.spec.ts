import { describe, expect, it } from '@jest/globals';
import { readErrorBody } from './upstream.js';

describe('readErrorBody', () => {
  it.each<[unknown, object]>([
    [
      { object: 'error', message: { detail: [{ loc: ['body', 'foo'], msg: 'Extra inputs are not permitted' }] } },
      { message: 'body.foo: Extra inputs are not permitted' },
    ],
    [
      { object: 'error', message: [{ loc: ['body', 'tools'], msg: 'too short' }], type: 'invalid', code: 3001 },
      { message: 'body.tools: too short', type: 'invalid', code: '3001' },
    ],
    [{ detail: [{ loc: ['body', 'n'], msg: 'not a number' }] }, { message: 'body.n: not a number' }],
    [{ detail: [{ msg: 'not a number' }] }, { message: 'not a number' }],
    [{ detail: 'Unauthorized' }, { message: 'Unauthorized' }],
    [
      { message: 'plain', code: 'x' },
      { message: 'plain', code: 'x' },
    ],
  ])('reads %j', (body, expected) => expect(readErrorBody(JSON.stringify(body))).toMatchObject(expected));
});
