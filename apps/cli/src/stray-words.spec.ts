import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { refuseStrayWords } from './stray-words.js';

/** What is said to these words; empty when there is nothing to say. */
const saidTo = (words: string[], commands: string[] = ['gateway', 'config', 'health']): string => {
  let said = '';
  const program = new Command('turnpike')
    .allowExcessArguments()
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: (text) => (said += text) });
  for (const name of commands) program.command(name).action(() => undefined);
  program.action(() => refuseStrayWords(program));
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    expect(error).toMatchObject({ exitCode: 1 });
  }
  return said.trim();
};

describe('a word that nothing takes', () => {
  it.each([
    ['gatway', 'Did you mean gateway?'],
    ['gateways', 'Did you mean gateway?'],
    ['helth', 'Did you mean health?'],
    ['confgi', 'Did you mean config?'],
  ])('that is nearly a command: %s', (word, hint) => {
    expect(saidTo([word])).toBe(`error: unknown command '${word}'\n(${hint})`);
  });

  it.each(['bogus', 'x', 'serve', 'constructor'])('that is no command at all: %s', (word) => {
    expect(saidTo([word])).toBe(`error: unknown command '${word}'\n(There are gateway, config, health.)`);
  });

  it.each(['config.yaml', './a/b.YML', 'blueprint.json'])('that is a file: %s', (word) => {
    expect(saidTo([word])).toContain(`--config ${word}`);
  });

  it('where there are no commands', () => {
    expect(saidTo(['now', 'then'], [])).toBe("error: 'now' is one word too many");
  });
});

it('says nothing when every word is taken', () => {
  expect([saidTo([]), saidTo(['config'])]).toEqual(['', '']);
});
