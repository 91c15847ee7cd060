import { describe, expect, it } from '@jest/globals';
import { findPersonalData } from './find.js';
import { KINDS } from './kinds.js';

const found = (text: string): [string, string][] =>
  findPersonalData(text, KINDS).map(({ kind, start, end }) => [kind, text.slice(start, end)]);

describe('personal data is found', () => {
  it.each([
    ['EMAIL', 'jane.doe+x@mail.example.co.uk'],
    ['EMAIL', 'jürgen@müller.de'],
    ['EMAIL', "o'neil_9@example.org"],
    ['PHONE', '+44 20 7946 0958'],
    ['PHONE', '+1 (212) 555-0100'],
    ['PHONE', '+4915112345678'],
    ['PHONE', '(212) 555-0100'],
    ['PHONE', '212-555-0100'],
    ['PHONE', '(11) 91234-5678'],
    ['PHONE', '13812345678'],
    ['CREDIT_CARD', '4111 1111 1111 1111'],
    ['CREDIT_CARD', '5555-5555-5555-4444'],
    ['CREDIT_CARD', '378282246310005'],
    ['CREDIT_CARD', '2223003122003222'],
    ['CREDIT_CARD', '6011111111111117'],
    ['CREDIT_CARD', '3530111333300000'],
    ['IBAN', 'DE89 3704 0044 0532 0130 00'],
    ['IBAN', 'GB82WEST12345698765432'],
    ['IBAN', 'fr1420041010050500013m02606'],
    ['IP_ADDRESS', '8.8.8.8'],
    ['IP_ADDRESS', '2001:4860:4860::8888'],
    ['US_SSN', '123-45-6789'],
    ['US_SSN', '123 45 6789'],
    ['BR_CPF', '529.982.247-25'],
    ['BR_CPF', '52998224725'],
    ['BR_CNPJ', '11.222.333/0001-81'],
    ['BR_CNPJ', '11222333000181'],
    ['BR_CNPJ', '12.ABC.345/01DE-35'],
    ['CN_ID', '11010519491231002X'],
    ['CN_ID', '440524198001010013'],
  ])('%s: %s', (kind, value) => {
    for (const text of [value, `It is ${value}, really.`, `("${value}")`, `是${value}。`]) {
      expect(found(text).filter(([one]) => one === kind)).toEqual([[kind, value]]);
    }
  });

  it.each<[string, string, [string, string][]]>([
    ['a card before other digits', '4111 1111 1111 1111 123', [['CREDIT_CARD', '4111 1111 1111 1111']]],
    ['a card after other digits', '12 4111 1111 1111 1111', [['CREDIT_CARD', '4111 1111 1111 1111']]],
    [
      'two cards side by side',
      '4111111111111111 5555555555554444',
      [
        ['CREDIT_CARD', '4111111111111111'],
        ['CREDIT_CARD', '5555555555554444'],
      ],
    ],
    ['an account before words', 'DE89 3704 0044 0532 0130 00 and then', [['IBAN', 'DE89 3704 0044 0532 0130 00']]],
    ['a mailbox of great length', `${'a'.repeat(100)}@x.org`, [['EMAIL', `${'a'.repeat(64)}@x.org`]]],
    ['in full width', '４１１１１１１１１１１１１１１１', [['CREDIT_CARD', '４１１１１１１１１１１１１１１１']]],
    ['with zero-width characters', 'jane\u200b@exam\u200bple.org', [['EMAIL', 'jane\u200b@exam\u200bple.org']]],
  ])('%s', (_what, text, expected) => expect(found(text)).toEqual(expected));
});

describe('nothing is found in', () => {
  it.each([
    'user@localhost, @handle, a@b, 50 % @ 3',
    'decorators: @Injectable() and @app.route',
    'git@',
    '4111 1111 1111 1112 fails the check',
    '1234567890123456 is no card, nor is 0000000000000000',
    'order 9876543210, 12345678',
    'DE89 3704 0044 0532 0130 01 fails the check',
    'DE89 is short; XX89370400440532013000 is nowhere',
    '127.0.0.1, 10.1.2.3, 192.168.0.1, 172.16.5.4, 0.0.0.0, 255.255.255.0',
    'version 1.2.3 and 10.20.30.40.50, 999.1.1.1',
    'std::vector, 12:30:45, ::1, fe80::1, dead:beef',
    '000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000',
    '2024-01-15 to 2025-12-31, 2026-11-21T09:00:00Z',
    '111.111.111-11 and 529.982.247-26',
    '11.222.333/0001-82',
    '110105194912310021 fails the check',
    '1 + 2345 = 2346; C++17; +5',
    'π is 3.14159265358979323846',
    'unix time 1700000000, in milliseconds 1700000000000',
    'sha 3f2504e04f8911d39a0c0305e82c3301aabbccdd, id 123e4567-e89b-12d3-a456-426614174000',
    '<EMAIL_1> and <PHONE_2>',
  ])('%s', (text) => expect(found(text)).toEqual([]));
});

describe('a hostile text takes time in proportion to its length', () => {
  it.each([
    ['one long word', 'a'],
    ['one long number', '1'],
    ['many numbers', '4111 '],
    ['signs before mailboxes', '@'],
    ['mailboxes without end', 'a.b@c.'],
    ['long hosts', `@${'a'.repeat(63)}.`],
    ['signs of phones', '+1 '],
    ['beginnings of accounts', 'DE89 3'],
    ['colons', '2001:'],
    ['dots', '1.2.'],
    ['white space', ' '],
    ['full-width digits', '４'],
    ['prose', 'The quick brown fox jumps over the lazy dog. '],
  ])(
    '%s',
    (_what, unit) => {
      const startedAt = process.cpuUsage();
      findPersonalData(unit.repeat(Math.ceil((10 * 1024 * 1024) / unit.length)), KINDS);
      expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(8_000);
    },
    60_000,
  );
});
