// Addresses on the public internet. Those of private networks say nothing of a person.
import type { Finding } from '@turnpike/plugin-sdk';
import { isIPv6 } from 'node:net';

const FOUR = /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?![\w]|\.\d)/g;
/** 2000::/3, which is all that is given out. */
const SIX = /(?<![\w:.])[23][0-9a-f]{3}:[0-9a-f:]{2,34}(?![\w:])/gi;
const NOT_PUBLIC = /^(?:0|10|127|22[4-9]|2[3-5]\d)\.|^169\.254\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\./;

export const findAddresses = (text: string): Finding[] =>
  [
    ...Array.from(text.matchAll(FOUR)).filter(({ 0: address }) => !NOT_PUBLIC.test(address)),
    ...Array.from(text.matchAll(SIX)).filter(({ 0: address }) => isIPv6(address)),
  ].map(({ 0: address, index }) => ({ start: index, end: index + address.length }));
