// Words on the command line that nothing takes: most are misspelt commands, or files whose flag was forgotten.
import type { Command } from 'commander';
import { closest, distance } from 'fastest-levenshtein';

/** Ends the command with exit code 1, saying which word it was and what may have been meant. */
export const refuseStrayWords = (command: Command): void => {
  const [word] = command.args;
  if (word !== undefined) command.error(`error: ${complaint(word, namesIn(command))}`, { exitCode: 1 });
};

const namesIn = (command: Command): string[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());

const complaint = (word: string, commands: readonly string[]): string => {
  if (/\.(?:ya?ml|json)$/i.test(word)) return `'${word}' is no command. A configuration is named by --config ${word}`;
  if (commands.length === 0) return `'${word}' is one word too many`;
  const near = closest(word, commands);
  const isNear = distance(word, near) <= Math.max(2, Math.floor(word.length / 3)) && distance(word, near) < near.length;
  return `unknown command '${word}'\n(${isNear ? `Did you mean ${near}?` : `There are ${commands.join(', ')}.`})`;
};
