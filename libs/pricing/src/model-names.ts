// The spellings under which a price list may know a model, from the most exact to the loosest.

const REGION = /^(?:us|us-gov|eu|apac|jp|au|ca|sa|global)\./;
/** The `-v1:0` of a revision, and `-v2` behind a date; not the `-v3` that is part of a name. */
const VERSION = /(?:-v\d+:\d+|(?<=\d{8})-v\d+)$/;
/** `-20250514`, `-2024-08-06`, `@20250514`. */
const DATE = /[-@]20\d{2}-?[01]\d-?[0-3]\d$/;
/** `owner.` before a name; not the `x-4.` of `x-4.1`. */
const OWNER = /^[a-z][a-z0-9-]*\.(?=[a-z])/;

/** Where spellings differ in case and punctuation only (`Claude-Opus-4.8`, `claude-opus-4-8`), they meet here. */
export const normaliseName = (name: string): string => name.toLowerCase().replaceAll(/[_.\s]/g, '-');

const afterPath = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
const withoutRegion = (name: string): string => name.replace(REGION, '');
const withoutVersion = (name: string): string => name.replace(VERSION, '');
const withoutDate = (name: string): string => name.replace(DATE, '');
const withoutOwner = (name: string): string => name.replace(OWNER, '');

/**
 * `models/m` → itself, `m`. `us.owner.m-20250514-v1:0` → itself, then also without region, version, date and owner, in
 * this order, each once.
 */
export const spellingsOf = (model: string): string[] => {
  const spellings = new Set([model]);
  let name = model;
  for (const loosen of [afterPath, withoutRegion, withoutVersion, withoutDate, withoutOwner]) {
    name = loosen(name);
    if (name !== '') spellings.add(name);
  }
  return [...spellings];
};

/** `provider.together-ai` → `together-ai`. */
export const nameOfProvider = (providerId: string): string => providerId.slice(providerId.indexOf('.') + 1);
