import { describe, expect, it } from '@jest/globals';
import { readErrorBody, readErrorValue, type UpstreamErrorBody } from './error-body.js';

describe('readErrorBody', () => {
  it.each<[unknown, UpstreamErrorBody]>([
    [{ error: { message: 'm', type: 't', param: 'p', code: 'c' } }, { message: 'm', type: 't', param: 'p', code: 'c' }],
    [
      { error: { code: 400, message: 'm', status: 'INVALID_ARGUMENT' } },
      { message: 'm', type: 'INVALID_ARGUMENT', code: '400' },
    ],
    [{ error: { msg: 'm' } }, { message: 'm' }],
    [
      { error: { code: 'c' }, message: 'm' },
      { message: 'm', code: 'c' },
    ],
    [
      { type: 'error', error: { type: 'overloaded_error', message: 'm' }, request_id: 'r' },
      { message: 'm', type: 'overloaded_error' },
    ],
    [
      { error: 'm', code: 'c' },
      { message: 'm', code: 'c' },
    ],
    [[{ error: { message: 'm' } }], { message: 'm' }],
    [
      { message: 'm', code: 'c', type: 't', param: 'p' },
      { message: 'm', code: 'c', type: 't', param: 'p' },
    ],
    [
      { object: 'error', message: 'm', type: 't', code: '3280' },
      { message: 'm', type: 't', code: '3280' },
    ],
    [
      { object: 'error', message: { detail: [{ loc: ['body', 'foo'], msg: 'Extra inputs are not permitted' }] } },
      { message: 'body.foo: Extra inputs are not permitted' },
    ],
    [
      { object: 'error', message: [{ loc: ['body', 'tools'], msg: 'too short' }], type: 'invalid', code: 3001 },
      { message: 'body.tools: too short', type: 'invalid', code: '3001' },
    ],
    [{ detail: 'Unauthorized' }, { message: 'Unauthorized' }],
    [{ detail: [{ loc: ['body', 'messages', 0, 'role'], msg: 'm' }] }, { message: 'body.messages.0.role: m' }],
    [{ detail: [{ loc: ['body', [['n']], null], msg: 'm' }] }, { message: 'body.?.?: m' }],
    [{ detail: [{ msg: 'm' }] }, { message: 'm' }],
    [{ errors: [{ message: 'm', code: 10_000 }] }, { message: 'm', code: '10000' }],
    [{ success: false, errors: ['m'] }, { message: 'm' }],
    [{ base_resp: { status_code: 1002, status_msg: 'm' } }, { message: 'm', code: '1002' }],
    [
      { code: 5, msg: 'm' },
      { message: 'm', code: '5' },
    ],
    ['m', { message: 'm' }],
    [['m'], { message: 'm' }],
    [{}, { message: '' }],
    [[], { message: '' }],
    [null, { message: '' }],
    [5, { message: '' }],
  ])('reads %j', (body, expected) => {
    expect(readErrorBody(JSON.stringify(body))).toEqual(expected);
    expect(readErrorValue(body)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['<html><title>503 Service Temporarily Unavailable</title>', '503 Service Temporarily Unavailable'],
    ['<HTML><Title lang="en"> Bad gateway </TITLE><body>x</body>', 'Bad gateway'],
    ['<html><body><h1>Not  found</h1>\n<hr></body></html>', 'Not found'],
    ['<title> </title><p>Really down</p>', 'Really down'],
    ['upstream connect error', 'upstream connect error'],
    ['{"error": broken', '{"error": broken'],
    ['', ''],
  ])('reads %j, which is no JSON', (body, message) => expect(readErrorBody(body)).toEqual({ message }));

  it('keeps within bounds, whatever an upstream writes', () => {
    const long = 'x'.repeat(1_000_000);
    for (const value of [{ error: { message: long, type: long, code: long } }, { error: long }, long, [long]]) {
      const { message, type = '', code = '' } = readErrorValue(value);
      expect([message.length, type.length <= 200, code.length <= 200]).toEqual([2_000, true, true]);
    }
    expect(readErrorBody(`<p>${long}`).message).toHaveLength(300);
  });
});

const MEGABYTE = 1_000_000;
const fill = (piece: string): string => piece.repeat(Math.ceil(MEGABYTE / piece.length));
const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);

describe('a megabyte of nonsense is read at once', () => {
  it.each<[string, string]>([
    ['open brackets', fill('<')],
    ['open titles', fill('<title ')],
    ['spaces', `x${fill(' ')}y`],
    ['an unclosed tag', `<${fill('a ')}`],
    ['messages in messages', nested('{"message":', '}', 40_000).replace('{"message":}', '{"message":{}}')],
    ['lists in a place', `{"detail":[{"msg":"m","loc":[${nested('[', ']', 20_000)}]}]}`],
    ['lists in lists', nested('[', ']', 100_000)],
  ])('%s', (_title, body) => {
    const startedAt = performance.now();
    expect(readErrorBody(body).message.length).toBeLessThanOrEqual(2_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
