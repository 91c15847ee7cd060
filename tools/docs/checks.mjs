// What documents may be wrong about, one function a subject. Each returns problems as `{line, text}`.
import { dirname, posix } from 'node:path';
import { parse } from 'yaml';
import { anchorsOf, fencesOf, linksOf, spansOf } from './markdown.mjs';

/**
 * Relative links lead to a file, and to a heading of it where they name one.
 *
 * @param read path from the top folder → text of a file, '' of a folder, undefined when there is none
 */
export const checkLinks = (path, markdown, read) =>
  linksOf(markdown).flatMap(({ text: link, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return [];
    const [file, anchor] = link.split('#');
    const target = file === '' ? path : posix.join(dirname(path), decodeURI(file));
    const content = target === path ? markdown : read(target);
    if (content === undefined) return [{ line, text: `the link ${link} leads nowhere` }];
    if (anchor !== undefined && !anchorsOf(content).has(anchor))
      return [{ line, text: `${target} has no heading #${anchor}` }];
    return [];
  });

/** A plugin's page speaks of its own `test/`, so only the rooms of the top one are looked up. */
const ROOM =
  /^(?:(?:apps|libs|plugins|tools|docs|deploy|bench|proto|\.ci)|test\/(?:e2e|image|services|sim|tools|upstreams))\/[\w./-]+$/;

/** Paths in code spans exist. Built files need not be there. */
export const checkPaths = (markdown, read) =>
  spansOf(markdown)
    .filter(({ text }) => ROOM.test(text) && !text.includes('/dist'))
    .filter(({ text }) => read(text.replace(/\/$/, '')) === undefined)
    .map(({ text, line }) => ({ line, text: `there is no ${text}` }));

const SHELL = new Set(['', 'sh', 'bash', 'shell', 'console']);

/** Lines of shell blocks, each with what a backslash at its end goes on with. */
const shellLines = (markdown) =>
  fencesOf(markdown)
    .filter(({ language }) => SHELL.has(language))
    .flatMap(({ text, line }) => {
      let joined = '';
      return text.split('\n').flatMap((part, index) => {
        joined += part.replace(/\\$/, ' ');
        if (part.endsWith('\\')) return [];
        const whole = joined;
        joined = '';
        return [{ text: whole.replace(/(^|\s)#.*$/, ''), line: line + 1 + index }];
      });
    });

const COMMAND = /(?:^|[\s;&|(`$])(?:turnpike|npm start --)\s+(.*)$/;

/**
 * Subcommands and flags of `turnpike …` exist.
 *
 * @param program commander's program
 */
export const checkCommands = (markdown, program) =>
  [...shellLines(markdown), ...spansOf(markdown)].flatMap(({ text, line }) => {
    const given = COMMAND.exec(text)?.[1];
    if (given === undefined) return [];
    let command = program;
    const known = () =>
      new Set(['--help', '-h', '--version', '-v', ...command.options.flatMap(({ short, long }) => [short, long])]);
    const problems = [];
    for (const word of given.split(/\s+/)) {
      const next = command.commands.find((one) => one.name() === word);
      if (next) command = next;
      else if (/^--?[a-z]/.test(word)) {
        const flag = word
          .split('=')[0]
          .replace(/[`,.;:)…]+$/, '')
          .replaceAll('_', '-');
        if (!known().has(flag)) problems.push({ line, text: `turnpike has no flag ${flag}` });
      }
    }
    return problems;
  });

/** `npm run NAME` names a script. */
export const checkScripts = (markdown, scripts) =>
  [...shellLines(markdown), ...spansOf(markdown)].flatMap(({ text, line }) =>
    [...text.matchAll(/npm run ([\w:-]+)/g)]
      .filter(([, name]) => !(name in scripts))
      .map(([, name]) => ({ line, text: `package.json has no script ${name}` })),
  );

/** Codes of errors are in the table. */
export const checkErrorCodes = (markdown, codes) =>
  markdown
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/\bGW_[A-Z][A-Z_]*[A-Z]\b(?!\*|_\*)/g)]
        .filter(([code]) => !(code in codes))
        .map(([code]) => ({ line: index + 1, text: `there is no error ${code}` })),
    );

/**
 * Metrics, keys and variables of ours, told by how they begin, occur in the code.
 *
 * @param code all of it, as one text
 */
export const checkNames = (markdown, code) =>
  spansOf(markdown).flatMap(({ text, line }) =>
    [...text.matchAll(/\b(?:litellm|turnpike|LITELLM|TURNPIKE)_\w+(?![\w*…])/g)]
      .filter(([name]) => !code.includes(name))
      .map(([name]) => ({ line, text: `nothing is called ${name}` })),
  );

const SECTION = /\b(general_settings|litellm_settings|router_settings)\.([a-z_]+)(?![a-z_*])/g;

/**
 * Keys of the configuration, in YAML blocks and as `section.key` in the text, are known.
 *
 * @param known `top`: keys beside the sections; `setting(name)`: whether a section may hold it
 */
export const checkConfigKeys = (markdown, known) => [
  ...fencesOf(markdown)
    .filter(({ language }) => language === 'yaml' || language === 'yml')
    .flatMap(({ text, line }) => keysOfBlock(text, line, known)),
  ...spansOf(markdown).flatMap(({ text, line }) =>
    [...text.matchAll(SECTION)]
      .filter(([, , key]) => !known.setting(key))
      .map(([, section, key]) => ({ line, text: `${section} has no key ${key}` })),
  ),
];

const keysOfBlock = (text, line, { top, setting }) => {
  let tree;
  try {
    tree = parse(text);
  } catch (error) {
    return [{ line, text: `the block is not YAML: ${error.message.split('\n')[0]}` }];
  }
  // Of other programs' files only the syntax is known here.
  if (typeof tree !== 'object' || tree === null || !Object.keys(tree).some((key) => top.has(key))) return [];
  return Object.entries(tree).flatMap(([key, value]) => {
    if (!top.has(key)) return key.startsWith('x-') ? [] : [{ line, text: `the configuration has no key ${key}` }];
    if (!key.endsWith('_settings') || typeof value !== 'object' || value === null) return [];
    if (!['general_settings', 'litellm_settings', 'router_settings'].includes(key)) return [];
    return Object.keys(value)
      .filter((name) => !setting(name))
      .map((name) => ({ line, text: `${key} has no key ${name}` }));
  });
};
