// What a plugin says of itself before it runs.
import { capabilitiesOf, workingCapabilitiesOf, z, type AnyPlugin, type Need } from '@turnpike/plugin-sdk';
import { check, must, type Check } from '../check.js';
import type { PluginSubject } from './conformance.js';

const NEEDS: Readonly<Record<Need, true>> = { redis: true, embed: true, credentials: true, sockets: true };

const configKeys = (plugin: AnyPlugin): string[] => {
  const schema = z.toJSONSchema(plugin.config, { io: 'input' }) as { properties?: object };
  return Object.keys(schema.properties ?? {});
};

/** Checks in the order in which the kernel reads: contract, id, capabilities, then the rest. */
export const manifestChecks = ({ plugin }: PluginSubject): Check[] => [
  check('manifest/contract', 'names a contract that exists', () => {
    must(capabilitiesOf(plugin.contract).length > 0, `There is no contract '${plugin.contract}'.`);
  }),
  check('manifest/id', "is '<kind>.<name>', the kind being the contract's", () => {
    const kind = plugin.contract.split('/')[0];
    must(
      new RegExp(`^${kind}\\.[a-z0-9]+([-_][a-z0-9]+)*$`).test(plugin.id),
      `The id '${plugin.id}' is not '${kind}.<name>' with a name of lower-case words.`,
    );
  }),
  check('manifest/capabilities', 'are some of what the contract has, each once', () => {
    const known = capabilitiesOf(plugin.contract);
    const named = plugin.capabilities;
    must(named.length > 0, 'There are none.');
    must(new Set(named).size === named.length, `One is named twice: ${named.join(', ')}`);
    for (const name of named) must(known.includes(name), `'${name}' is none; there are ${known.join(', ')}.`);
    const working = workingCapabilitiesOf(plugin.contract);
    must(
      named.some((name) => working.includes(name)),
      `None of them serves a call; that is what ${working.join(', ')} do.`,
    );
  }),
  check('manifest/prefixes', "end in '/'", () => {
    for (const prefix of plugin.prefixes ?? []) must(/^[^/\s]+\/$/.test(prefix), `'${prefix}' is no prefix.`);
  }),
  check('manifest/recognises', 'holds expressions that remember nothing between two names', () => {
    for (const pattern of plugin.recognises ?? []) {
      must(pattern instanceof RegExp, `${String(pattern)} is no regular expression.`);
      must(!pattern.global && !pattern.sticky, `${String(pattern)} has the flag g or y, so it remembers.`);
    }
  }),
  check('manifest/env', 'maps variables to config keys that exist', () => {
    const keys = configKeys(plugin);
    for (const [variable, key] of Object.entries(plugin.env ?? {})) {
      must(/^[A-Z][A-Z0-9_]*$/.test(variable), `'${variable}' is no name of a variable.`);
      must(keys.includes(key), `${variable} fills '${key}', which the config does not have.`);
    }
  }),
  check('manifest/file-only', 'names settings that exist', () => {
    const keys = configKeys(plugin);
    for (const key of plugin.fileOnly ?? []) must(keys.includes(key), `There is no setting '${key}' to be file-only.`);
  }),
  check('manifest/words', 'uses known words for failure and needs', () => {
    must(plugin.failure === undefined || ['open', 'closed'].includes(plugin.failure), `failure is ${plugin.failure}.`);
    for (const need of plugin.needs ?? []) must(need in NEEDS, `There is no need '${need}'.`);
    for (const word of [...(plugin.aliases ?? []), ...(plugin.legacyKeys ?? []), ...(plugin.legacyMaps ?? [])]) {
      must(typeof word === 'string' && word.trim() === word && word !== '', `'${word}' is no word.`);
    }
  }),
];
