// International bank account numbers, in groups or not.
import type { Finding } from '@turnpike/plugin-sdk';
import { isIban } from './check-digits.js';

/** Country → length. docs: SWIFT IBAN registry, https://www.swift.com/standards/data-standards/iban */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 ' +
    'LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 ' +
    'QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const BEGINNING = /(?<![A-Za-z\d])[A-Z]{2}\d{2}(?=[ -]?[A-Z\d])/gi;

export const findIbans = (text: string): Finding[] =>
  Array.from(text.matchAll(BEGINNING)).flatMap(({ 0: beginning, index: start }) => {
    const length = LENGTHS[beginning.slice(0, 2).toUpperCase()];
    const end = length === undefined ? undefined : endOf(text, start, length);
    return end === undefined ? [] : [{ start, end }];
  });

/** What follows may be a word: the country says where the number ends. */
const endOf = (text: string, start: number, length: number): number | undefined => {
  let iban = '';
  let at = start;
  for (; iban.length < length; at += 1) {
    const character = text.charAt(at);
    if (/[A-Za-z\d]/.test(character)) iban += character.toUpperCase();
    else if (!/[ -]/.test(character) || /[ -]/.test(text.charAt(at - 1))) return undefined;
  }
  return /[A-Za-z\d]/.test(text.charAt(at)) || !isIban(iban) ? undefined : at;
};
