// A row of the catalogue → a plugin.
import {
  definePlugin,
  openAiChat,
  openAiCompletions,
  openAiEmbeddings,
  openAiModelList,
  type AnyPlugin,
  type OpenAiHost,
  type PluginHost,
  type ProviderV1,
} from '@turnpike/plugin-sdk';
import { answersAsChat, errorReader, mendChat } from './answers.js';
import { configOf, environmentOf, type HostSettings } from './config.js';
import { endpointsOf } from './endpoint.js';
import type { HostRow } from './host-row.js';
import { adaptBody } from './quirks.js';

const CAPABILITIES: Readonly<Record<string, keyof ProviderV1>> = {
  C: 'chat',
  T: 'completions',
  F: 'completions',
  E: 'embeddings',
  L: 'models',
};

const capabilitiesOf = (row: HostRow): (keyof ProviderV1)[] =>
  Array.from(row.serves, (letter) => CAPABILITIES[letter]!);

/** The schema is made when it is first asked for: of all these hosts few are used, and schemas are slow to make. */
export const pluginOf = (row: HostRow): AnyPlugin => {
  let schema: ReturnType<typeof configOf> | undefined;
  return definePlugin({
    contract: 'provider/v1',
    id: `provider.${row.prefix}`,
    capabilities: capabilitiesOf(row),
    prefixes: [row.prefix, ...(row.alsoKnownAs ?? [])].map((prefix) => `${prefix}/`),
    aliases: row.aliases ?? [],
    env: environmentOf(row),
    get config() {
      return (schema ??= configOf(row));
    },
    init: (settings, host) => open(row, settings, host),
  });
};

const open = (row: HostRow, settings: HostSettings, host: PluginHost): ProviderV1 => {
  const { quirks = {} } = row;
  const { answers = {}, embeddings = {} } = quirks;
  const endpoint = endpointsOf(row, settings);
  const isFim = row.serves.includes('F');
  const upstream: OpenAiHost = {
    endpoint: (path, call) => endpoint(isFim && path === 'completions' ? 'fim/completions' : path, call.model),
    adapt: (path, body, call) => adaptBody(path, body, call, quirks),
    translatesAnswers: answers.translates,
    toError: errorReader(answers),
  };
  const completions = openAiCompletions(upstream);
  const made: Required<ProviderV1> = {
    chat: mendChat(openAiChat(upstream), answers),
    completions: isFim ? answersAsChat(completions) : completions,
    embeddings: { ...openAiEmbeddings(upstream), ...(embeddings.translates && { translatesAnswers: true }) },
    models: openAiModelList(endpoint(row.modelsPath ?? 'models'), `provider.${row.prefix}`, host.http),
  };
  return Object.fromEntries(capabilitiesOf(row).map((name) => [name, made[name]]));
};
