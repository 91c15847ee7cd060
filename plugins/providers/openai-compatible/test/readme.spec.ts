import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CATALOGUE } from '../src/catalogue.js';
import { environmentOf } from '../src/config.js';
import type { HostRow } from '../src/host-row.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

const SERVES: Readonly<Record<string, string>> = {
  C: 'chat',
  T: 'completions',
  F: 'completions',
  E: 'embeddings',
  L: 'models',
};

const lineOf = (row: HostRow): string[] => [
  [row.prefix, ...(row.alsoKnownAs ?? [])].map((prefix) => `\`${prefix}/\``).join(' '),
  row.base === undefined ? 'none: set `api_base`' : `\`${row.base}\``,
  `\`${Object.keys(environmentOf(row))[0]}\``,
  [...row.serves].map((letter) => SERVES[letter]).join(', '),
];

/** Cells of the tables, however they are padded. */
const lines = README.split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe('the README', () => {
  it.each(CATALOGUE.map((row): [string, HostRow] => [row.prefix, row]))('tells of %s', (_prefix, row) => {
    expect(lines).toContainEqual(lineOf(row));
  });

  it('counts the hosts', () => expect(README).toContain(`${CATALOGUE.length} plugins`));

  it('names the hosts whose answers are read and written anew', () => {
    const told = /Those of (.*?) are read and written anew/s.exec(README)?.[1]?.split(/,\s+|\s+and\s+/) ?? [];
    const translated = CATALOGUE.filter(({ quirks }) => quirks?.answers?.translates).map(({ prefix }) => prefix);
    expect(told.sort()).toEqual(translated.sort());
  });
});
