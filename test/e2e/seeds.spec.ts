// Configurations as people have them, started for real: each file of libs/config's fixtures, with every model it lists.
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Collector } from '../services/collector.js';
import { startOpenAiUpstream } from '../upstreams/index.mjs';
import { chat, okJson, send, type Json } from './client.js';
import { begun, MASTER_KEY, newFolder, readText, ROOT, run, startGateway } from './harness.js';
import { anthropic, gemini, ollama, openAi, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(90_000);

const FIXTURES = join(ROOT, 'libs', 'config', 'test', 'fixtures');

/** A server of one's own asks for no key. */
const own = await startOpenAiUpstream({ requireKey: false });
/** Where callbacks tell of calls. */
const told = await Collector.start(() => ({ body: {} }));
afterAll(() => Promise.all([own.close(), told.close()]));

/** What these files name beside provider keys, and where the providers are for all of them. */
const ENVIRONMENT = {
  LITELLM_MASTER_KEY: MASTER_KEY,
  OPENAI_BASE_URL: `${openAi.url}/v1`,
  ANTHROPIC_BASE_URL: anthropic.url,
  GEMINI_API_BASE: gemini.url,
  OLLAMA_API_BASE_URL: ollama.url,
  AZURE_OPENAI_ENDPOINT: openAi.url,
  LOCALAI_BASE_URL: `${own.url}/v1`,
  DATABASE_URL: 'postgresql://user:password@127.0.0.1:1/none',
  REDIS_HOST: '127.0.0.1',
  REDIS_PORT: '1',
  MLFLOW_TRACKING_URI: 'http://127.0.0.1:1',
};

/** Files that no gateway starts with, and what it says. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'names-only.yaml': /names-only\.yaml:1: gemini-flash-primary needs litellm_params with a model\./,
  'comments-only.yaml': /comments-only\.yaml:1: The file is empty\./,
};

/** Models of a provider that there is not. */
const OFF: Readonly<Record<string, string[]>> = { 'entry-basics.yaml': ['nome-do-modelo'] };

/** Names that a file makes besides its entries: aliases and unions. */
const NAMES: Readonly<Record<string, string[]>> = {
  'local-fallback': ['primary-models'],
  production: ['primary'],
};

interface Found {
  /** As the test calls it: the file, or the folder that holds it. */
  name: string;
  file: string;
  files: Record<string, string>;
}

const isFolder = (path: string): boolean => statSync(path).isDirectory();

const pointed = (path: string): string =>
  readText(path)
    .replace(
      /(api_base: )(https?:\S+)/g,
      (_whole, key: string, address: string) => key + (address.endsWith(':11434') ? ollama.url : `${own.url}/v1`),
    )
    .replace(/((?:webhook_url|langfuse_host): )https?:\/\/[^\s/]+/g, `$1${told.url}`);

/** YAML files, and folders with one and its variables; an address in them becomes a mock's. */
const found: Found[] = readdirSync(FIXTURES).flatMap((name): Found[] => {
  const path = join(FIXTURES, name);
  if (!isFolder(path)) return name.endsWith('.yaml') ? [{ name, file: name, files: { [name]: pointed(path) } }] : [];
  const names = readdirSync(path);
  const file = names.find((one) => one.endsWith('.yaml'));
  if (file === undefined) return [];
  return [{ name, file, files: Object.fromEntries(names.map((one) => [one, pointed(join(path, one))])) }];
});

/** Variables that a file refers to and nobody gives: keys. */
const keysOf = ({ files }: Found): Record<string, string> =>
  Object.fromEntries(
    Object.values(files)
      .flatMap((text) => [...text.matchAll(/os\.environ\/(\w+)/g)].map(([, name]) => name!))
      .map((name) => [name, PROVIDER_KEY]),
  );

interface Examined {
  listed: string[];
  answers: Record<string, string>;
  output: string;
}

const examine = async (one: Found): Promise<Examined> => {
  const { file, files } = one;
  const gateway = await startGateway({ files, args: ['--config', file], env: { ...keysOf(one), ...ENVIRONMENT } });
  try {
    const key = /^ {2}master_key: (sk-\S+)$/m.exec(files[file]!)?.[1] ?? MASTER_KEY;
    expect((await send(gateway, '/health/readiness')).status).toBe(200);
    const { data } = await okJson(send(gateway, '/v1/models', { key }));
    const listed: string[] = data.map(({ id }: Json) => id);
    const answers: Record<string, string> = {};
    for (const model of listed) {
      const response = await chat(gateway, { model }, { key });
      const text = await response.text();
      answers[model] = response.ok ? JSON.parse(text).choices[0].message.content : text;
    }
    return { listed, answers, output: gateway.output() };
  } finally {
    await gateway.kill();
  }
};

const startable = found.filter(({ name }) => !(name in REFUSED));
const refused = found.filter(({ name }) => name in REFUSED);
const examined = begun(startable, (one, queued) => queued(() => examine(one)));
const ended = begun(refused, ({ name, files }, queued) =>
  queued(() => run({ files, args: ['--config', name], env: ENVIRONMENT })),
);

describe('a configuration of the documents', () => {
  it('is there to be tried', () => {
    expect(startable.length).toBeGreaterThanOrEqual(25);
    for (const name of [...Object.keys(REFUSED), ...Object.keys(OFF), ...Object.keys(NAMES)]) {
      expect(found.map((one) => one.name)).toContain(name);
    }
  });

  it.each(startable)('starts and answers: $name', async (one) => {
    const { name, file, files } = one;
    const { listed, answers, output } = await examined(one);
    const written = [...files[file]!.matchAll(/model_name: (\S+)[^\n]*\s+litellm_params:/g)].map(([, model]) => model!);
    const usable = written.filter((model) => !OFF[name]?.includes(model));
    expect(new Set(listed)).toEqual(new Set([...usable, ...(NAMES[name] ?? [])]));
    expect(answers).toEqual(Object.fromEntries(listed.map((model) => [model, 'Mock answer to: Hello'])));
    expect(output).not.toContain(PROVIDER_KEY);
    for (const off of OFF[name] ?? []) expect(output).toContain(`${off} → `);
  });

  it.each(refused)('is refused by its line: $name', async (one) => {
    const { code, stderr } = await ended(one);
    expect(code).toBe(1);
    expect(stderr).toMatch(REFUSED[one.name]!);
  });
});

describe('variables alone', () => {
  it('describe two models, one standing in for the other', async () => {
    const folder = newFolder({ '.env.litellm': readText(join(FIXTURES, 'local-fallback', '.env.litellm')) });
    const { LITELLM_MASTER_KEY, GEMINI_API_BASE, LOCALAI_BASE_URL } = ENVIRONMENT;
    const gateway = await startGateway({ folder, env: { LITELLM_MASTER_KEY, GEMINI_API_BASE, LOCALAI_BASE_URL } });
    for (const model of ['gemini/gemini-2.0-flash-exp', 'gemini-2.0-flash-exp', 'llama3.2:3b']) {
      expect((await okJson(chat(gateway, { model }))).choices[0].message.content).toBe('Mock answer to: Hello');
    }
    expect(own.requests.at(-1)!.body.model).toBe('llama3.2:3b');
    await gateway.kill();
  });
});
