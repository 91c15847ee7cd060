// Personal data by form, each checked as far as its form can be: check digits, lengths, ranges. Every expression is
// bounded, so that its time is in proportion to the text.
import type { Finding } from '@turnpike/plugin-sdk';
import { isChineseId, isCnpj, isCpf, isSocialSecurityNumber } from './check-digits.js';
import { findCards } from './cards.js';
import { findIbans } from './ibans.js';
import { findAddresses } from './ip-addresses.js';

type Find = (text: string) => Finding[];

const matching =
  (pattern: RegExp, isReal: (found: string) => boolean = () => true): Find =>
  (text) =>
    Array.from(text.matchAll(pattern), ({ 0: found, index }) => ({ found, start: index, end: index + found.length }))
      .filter(({ found }) => isReal(found))
      .map(({ start, end }) => ({ start, end }));

/** Of scripts with spaces between words: in others, the word before a mailbox would be taken for a part of it. */
const LETTER = String.raw`\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}`;

/** Looked for from the @ backwards: what stands before an @ may be anything. */
const MAILBOX = new RegExp(
  String.raw`(?<=([${LETTER}\p{N}._%+'-]{1,64}))@(?:[${LETTER}\p{N}-]{1,63}\.){1,8}[${LETTER}]{2,24}(?![${LETTER}\p{N}])`,
  'gu',
);

const findEmails: Find = (text) =>
  Array.from(text.matchAll(MAILBOX), ({ 0: host, 1: mailbox, index }) => ({
    start: index - mailbox!.length,
    end: index + host.length,
  }));

const PHONE = new RegExp(
  [
    // With a country: +44 20 7946 0958, +1 (212) 555-0100
    String.raw`(?<![A-Za-z\d+])\+[1-9](?:[ .\-/()]{0,2}\d){6,14}(?!\d)`,
    // North America: (212) 555-0100, 212-555-0100
    String.raw`(?<![\d.-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}(?![\d-])`,
    // Brazil: (11) 91234-5678
    String.raw`(?<!\d)\([1-9]\d\) ?9?\d{4}-\d{4}(?!\d)`,
    // Mobile phones of China: 13812345678
    String.raw`(?<![\d.-])1[3-9]\d{9}(?![\d.-])`,
  ].join('|'),
  'g',
);

const SSN = /(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])/g;
const CPF = /(?<![\d.-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?![\d-])/g;
// With letters since July 2026; those are only found in the written form, 12.ABC.345/01DE-35.
const CNPJ = /(?<![\w.])(?:[A-Z\d]{2}\.[A-Z\d]{3}\.[A-Z\d]{3}\/[A-Z\d]{4}-\d{2}|\d{14})(?![\w-])/g;
const CHINESE_ID =
  /(?<![\dA-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])/g;

/** What an earlier kind found, a later one that finds the same does not name. */
export const FINDERS = {
  EMAIL: findEmails,
  CREDIT_CARD: findCards,
  IBAN: findIbans,
  CN_ID: matching(CHINESE_ID, isChineseId),
  BR_CNPJ: matching(CNPJ, isCnpj),
  BR_CPF: matching(CPF, isCpf),
  US_SSN: matching(SSN, isSocialSecurityNumber),
  PHONE: matching(PHONE),
  IP_ADDRESS: findAddresses,
} as const satisfies Record<string, Find>;

export type Kind = keyof typeof FINDERS;

export const KINDS = Object.keys(FINDERS) as [Kind, ...Kind[]];
