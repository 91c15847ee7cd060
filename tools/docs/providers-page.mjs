// The page of providers, from the manifests of the built-in plugins.

const OPERATIONS = ['chat', 'completions', 'embeddings', 'models'];

const code = (text) => `\`${text.replaceAll('|', String.raw`\|`)}\``;

/** Variables of one setting, in the order in which they count. */
const variablesOf = ({ env }, setting) =>
  Object.entries(env)
    .filter(([, key]) => key === setting)
    .map(([name]) => code(name))
    .join(', ');

/** `^claude-` → `claude-…`; other patterns as they are. */
const readable = (pattern) => {
  const prefix = /^\^([\w:.-]+)$/.exec(pattern)?.[1];
  const whole = /^\^([\w:.-]+)\$$/.exec(pattern)?.[1];
  return code(whole ?? (prefix ? `${prefix}…` : pattern));
};

const row = (manifest) => {
  const { prefixes, capabilities, recognises } = manifest;
  const names = [...prefixes.map((prefix) => code(`${prefix}…`)), ...recognises.map(readable)];
  const operations = OPERATIONS.map((name) => (capabilities.includes(name) ? '●' : ''));
  return [names.join(', '), ...operations, variablesOf(manifest, 'api_key'), variablesOf(manifest, 'api_base')];
};

const line = (cells) => `| ${cells.join(' | ')} |`;

const table = (manifests) => {
  const heads = ['model names', ...OPERATIONS, 'key', 'address'];
  return [
    line(heads),
    line(heads.map((_, index) => (index > 0 && index <= OPERATIONS.length ? ':-:' : '---'))),
    ...manifests.map((manifest) => line(row(manifest))),
  ].join('\n');
};

/**
 * @param bundle deploy/bundles/standard.json
 * @param readmeOf package name → path of its README seen from docs/, undefined when it has none
 */
export const providersPage = (bundle, readmeOf) => {
  const packages = bundle.plugins
    .map((plugin) => ({ ...plugin, manifests: plugin.manifests.filter(({ id }) => id.startsWith('provider.')) }))
    .filter(({ manifests }) => manifests.length > 0);
  const count = packages.reduce((sum, { manifests }) => sum + manifests.length, 0);
  const own = packages.filter(({ manifests }) => manifests.length === 1);
  const lists = packages.filter(({ manifests }) => manifests.length > 1);
  const notes = own.flatMap(({ package: name, manifests: [{ id }] }) => {
    const path = readmeOf(name);
    return path ? [`[${id.replace('provider.', '')}](${path})`] : [];
  });
  return `# Providers

<!-- Written by \`npm run docs\` from deploy/bundles/standard.json. -->

${count} providers are built in. A model is named by the provider's prefix and the provider's own name of the model, for
instance \`openai/gpt-4o\`; names that a provider recognises need no prefix. What a provider lacks is marked by an empty
field; text completions that an upstream lacks are made of its chat. \`models\` is the list of models, which also checks a key.

The columns *key* and *address* name the variables that are read when a deployment writes no \`api_key\` or \`api_base\`; the
first that is set wins.
${notes.length > 0 ? `\nPages: ${notes.join(', ')}.\n` : ''}
## With code of their own

${table(own.flatMap(({ manifests }) => manifests))}
${lists
  .map(
    ({ package: name, manifests }) => `
## Rows of ${name}

Hosts that speak a shared format, each a row of a catalogue with its address, variables and quirks.

${table(manifests)}
`,
  )
  .join('')}`;
};
