import { describe, expect, it } from '@jest/globals';
import { NdjsonParser } from './ndjson.js';

const parse = (...pieces: (string | Buffer)[]): unknown[] => {
  const values: unknown[] = [];
  const parser = new NdjsonParser((value) => values.push(value));
  for (const piece of pieces) parser.push(Buffer.from(piece));
  parser.end();
  return values;
};

describe('lines of JSON', () => {
  const text = '{"a":"å"}\r\n\n[1,2]\n{"b":1}';

  it('are read, the last one without its end too', () => expect(parse(text)).toEqual([{ a: 'å' }, [1, 2], { b: 1 }]));

  it('are the same wherever the bytes are cut', () => {
    const bytes = Buffer.from(text);
    for (let at = 1; at < bytes.length; at += 1) {
      expect(parse(bytes.subarray(0, at), bytes.subarray(at))).toEqual([{ a: 'å' }, [1, 2], { b: 1 }]);
    }
    expect(parse(...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual([{ a: 'å' }, [1, 2], { b: 1 }]);
  });

  it('come out as soon as they end', () => {
    const values: unknown[] = [];
    const parser = new NdjsonParser((value) => values.push(value));
    parser.push(Buffer.from('1\n2'));
    expect(values).toEqual([1]);
  });

  it('that are no JSON are an invalid answer', () => {
    expect(() => parse('<html>\n')).toThrow(expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' }));
  });

  it('that never end are given up at 16 MiB', () => {
    const parser = new NdjsonParser(() => {});
    const mebibyte = Buffer.alloc(1024 * 1024, 'a');
    for (let count = 0; count < 16; count += 1) parser.push(mebibyte);
    expect(() => parser.push(Buffer.from('a'))).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' }),
    );
  });
});
