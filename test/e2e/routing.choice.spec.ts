// Which deployment a name stands for: aliases, unions, order, ids, wildcards, tags, regions, context windows.
import { describe, expect, it, jest } from '@jest/globals';
import type { Json } from './client.js';
import {
  ask,
  at,
  attemptsOf,
  BOTH_WAYS,
  blue,
  expectAnswer,
  explain,
  FIRST,
  gatewayFor,
  green,
  modelsAt,
  red,
  SPARE,
  type Mock,
} from './fleet.js';

jest.setTimeout(30_000);

const failing = (name: string, params: object = {}): object => at(red, name, { model: `mock-500+${name}`, ...params });
const well = (mock: Mock, name: string, params: object = {}): object => at(mock, name, { model: name, ...params });

/** Bytes of a prompt that no window here is as large as. */
const LONG = 'a '.repeat(30_000);
const WINDOW_TOKENS = 20_000;
/** More bytes than the window has tokens, and far fewer tokens: a word of eleven letters is one token. */
const WORDY = 'information '.repeat(5_000);

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      // Order.
      failing('ordered', { order: 1 }),
      well(green, 'ordered', { order: 2 }),
      at(blue, 'ordered', { model: 'ordered' }),
      ...[red, green, blue].map((mock, index) => at(mock, 'last resort', { model: 'mock-500', order: index })),
      // Aliases and unions.
      failing('member one'),
      well(green, 'member two'),
      well(blue, 'own'),
      // Wildcards.
      at(green, 'wide/*', { model: 'openai/*' }),
      at(blue, 'wide/*-mini', { model: 'openai/small-*' }),
      at(red, 'wide/exact', { model: 'exact' }),
      at(blue, 'two/*/of/*', { model: 'openai/*-and-*' }),
      // Ids.
      failing('by id', { info: { id: 'the-broken-one' } }),
      well(green, 'by id', { info: { id: 'the-good-one' } }),
      // Tags.
      well(red, 'tagged', { tags: ['paid', 'quick'] }),
      well(green, 'tagged', { tags: ['free'] }),
      well(blue, 'tagged', { tags: ['default'] }),
      well(red, 'no default', { tags: ['paid'] }),
      well(green, 'by agent', { tag_regex: ['^User-Agent: curl/'], tags: ['curl'] }),
      well(blue, 'by agent', { tags: ['default'] }),
      // Regions.
      well(red, 'regional', { region_name: 'us-east-1' }),
      well(green, 'regional', { region_name: 'eu-west-3' }),
      well(blue, 'regional'),
      // Context windows.
      at(red, 'windows', { model: 'windows', info: { max_input_tokens: WINDOW_TOKENS }, ...FIRST }),
      at(green, 'windows', { model: 'windows', info: { max_input_tokens: 1_000_000 }, ...SPARE }),
      at(red, 'small', { model: 'small', info: { max_input_tokens: WINDOW_TOKENS } }),
      at(red, 'small with help', { model: 'small', info: { max_input_tokens: WINDOW_TOKENS } }),
      well(blue, 'help'),
    ],
    router_settings: {
      num_retries: 0,
      disable_cooldowns: true,
      enable_tag_filtering: true,
      enable_pre_call_checks: true,
      context_window_fallbacks: [{ 'small with help': ['help'] }],
      model_group_alias: {
        short: 'member two',
        quiet: { model: 'member two', hidden: true },
        cascade: ['member one', 'ordered', 'own'],
        own: ['member one', 'member two'],
        'all fail': ['member one', 'the-broken-one'],
      },
      model_group: { union: ['member two', 'help'] },
    },
  },
}));

const answering = async (body: { model: string; [field: string]: unknown }, headers = {}): Promise<string | null> => {
  const told = await ask(gateway(), body, { headers });
  return told.status === 200 ? told.deployment : `${told.status} ${told.error!.code}`;
};

/** So many answers' deployments: chance has had its say. */
const answeringOften = async (body: { model: string; [field: string]: unknown }, headers = {}): Promise<unknown[]> =>
  [...new Set(await Promise.all(Array.from({ length: 12 }, () => answering(body, headers))))].sort();

describe.each(BOTH_WAYS)('order, %s', (_, stream) => {
  it('levels are tried one after the other, those without one last', async () => {
    const told = await ask(gateway(), { model: 'ordered', stream });
    expectAnswer(told, 'ordered.green');
    expect([red.requests.length, green.requests.length, blue.requests.length]).toEqual([1, 1, 0]);
    // Another level is no other group.
    expect(told.fallbacks).toBe(0);
  });

  it('every level is tried before the client is told', async () => {
    const told = await ask(gateway(), { model: 'last resort', stream });
    expect(told.status).toBe(500);
    expect((await attemptsOf(gateway(), told)).map((attempt) => attempt.split(' ')[1])).toEqual([
      'resort.red',
      'resort.green',
      'resort.blue',
    ]);
  });
});

describe.each(BOTH_WAYS)('an alias, %s', (_, stream) => {
  it.each([
    ['short', 'member two.green'],
    ['quiet', 'member two.green'],
  ])('%s stands for a group', async (model, deployment) => {
    const told = await ask(gateway(), { model, stream });
    expectAnswer(told, deployment);
    expect(told.headers.get('x-litellm-model-group')).toBe(model);
  });

  it('of several names is a cascade: each is tried, in order, and each with its levels', async () => {
    const told = await ask(gateway(), { model: 'cascade', stream });
    expectAnswer(told, 'ordered.green');
    expect((await attemptsOf(gateway(), told)).map((attempt) => attempt.replace(/ \S+$/, ''))).toEqual([
      'member one.red',
      'ordered.red',
      'ordered.green',
    ]);
  });

  it('that is a model’s name too keeps the model’s own deployments for last', async () => {
    expectAnswer(await ask(gateway(), { model: 'own', stream }), 'member two.green');
    green.behave('500');
    expectAnswer(await ask(gateway(), { model: 'own', stream }), 'own.blue');
  });

  it('that nobody of its cascade answers gives the last one’s error', async () => {
    const told = await ask(gateway(), { model: 'all fail', stream });
    expect([told.status, red.requests.length]).toEqual([500, 2]);
  });
});

it('a union is all of its groups’ deployments under one name', async () => {
  expect(await answeringOften({ model: 'union' })).toEqual(['help.blue', 'member two.green']);
});

describe('a deployment’s id', () => {
  it('means that one, and no other', async () => {
    expect(await answeringOften({ model: 'the-good-one' })).toEqual(['the-good-one']);
    expect(await answeringOften({ model: 'the-broken-one' })).toEqual(['500 500']);
  });
});

describe('a wildcard', () => {
  it.each<[string, string, Mock, string]>([
    ['wide/anything', 'wide/*.green', green, 'anything'],
    ['wide/with/slashes', 'wide/*.green', green, 'with/slashes'],
    ['wide/gpt-mini', 'wide/*-mini.blue', blue, 'small-gpt'],
    ['wide/exact', 'wide/exact.red', red, 'exact'],
    ['two/a/of/b', 'two/*/of/*.blue', blue, 'a-and-b'],
  ])('%s is taken by %s', async (model, deployment, mock, sent) => {
    expect(await answering({ model })).toBe(deployment);
    expect(modelsAt(mock)).toEqual([sent]);
  });

  it('takes nothing that is not its own', async () => {
    expect(await answering({ model: 'wider/anything' })).toBe('400 model_not_found');
    expect(await answering({ model: 'two/a/of' })).toBe('400 model_not_found');
  });
});

describe('tags', () => {
  it.each<[string, object, Record<string, string>, string[]]>([
    ['in the body', { tags: ['free'] }, {}, ['tagged.green']],
    ['in the metadata', { metadata: { tags: ['paid'] } }, {}, ['tagged.red']],
    ['in the header', {}, { 'x-litellm-tags': 'free, other' }, ['tagged.green']],
    ['of several, any', { tags: ['free', 'quick'] }, {}, ['tagged.green', 'tagged.red']],
    ['that must be there', { tags: ['&quick'] }, {}, ['tagged.red']],
    ['that must not be there', { tags: ['!default', '!free'] }, {}, ['tagged.red']],
    ['that no one has go to the default', { tags: ['unheard-of'] }, {}, ['tagged.blue']],
    ['none go to the default', {}, {}, ['tagged.blue']],
  ])('%s', async (_title, wishes, headers, expected) => {
    expect(await answeringOften({ model: 'tagged', ...wishes }, headers)).toEqual(expected);
    for (const { body } of [red, green, blue].flatMap(({ requests }) => requests))
      expect(body).not.toHaveProperty('tags');
  });

  it('that no one has, without a default, are an error that names them', async () => {
    const told = await ask(gateway(), { model: 'no default', tags: ['free'] });
    expect([told.status, told.error!.message]).toEqual([400, expect.stringContaining('free')]);
    expect(await answering({ model: 'no default' })).toBe('no default.red');
  });

  it('may be read from the client’s name', async () => {
    expect(await answering({ model: 'by agent' }, { 'user-agent': 'curl/8.5.0' })).toBe('by agent.green');
    expect(await answering({ model: 'by agent' }, { 'user-agent': 'python/3' })).toBe('by agent.blue');
  });
});

describe('tags that must all be there', () => {
  const strict = gatewayFor(() => ({
    config: {
      model_list: [
        well(red, 'tagged', { tags: ['paid', 'quick'] }),
        well(green, 'tagged', { tags: ['paid'], tag_regex: ['curl'] }),
        well(blue, 'tagged', { tags: ['default'] }),
      ],
      router_settings: { enable_tag_filtering: true, tag_filtering_match_any: false },
    },
  }));

  it.each([
    [['paid', 'quick'], 'tagged.red'],
    [['quick', 'paid', 'free'], 'tagged.blue'],
  ])('%j lead to %s, whatever the client is called', async (tags, deployment) => {
    for (let call = 0; call < 6; call += 1) {
      const headers = { 'user-agent': 'curl/8.5.0' };
      expectAnswer(await ask(strict(), { model: 'tagged', tags }, { headers }), deployment);
    }
  });
});

describe('a region', () => {
  it.each([
    ['eu', ['regional.green']],
    ['us-east-1', ['regional.red']],
  ])('%s keeps calls there', async (region, expected) => {
    expect(await answeringOften({ model: 'regional', allowed_model_region: region })).toEqual(expected);
    expect([...red.requests, ...green.requests][0]!.body).not.toHaveProperty('allowed_model_region');
  });

  it('where nobody is, is no place for the call', async () => {
    const told = await ask(gateway(), { model: 'regional', allowed_model_region: 'asia' });
    expect([told.status, told.error!.message]).toEqual([503, expect.stringContaining('asia')]);
    expect(red.requests.length + green.requests.length + blue.requests.length).toBe(0);
  });
});

describe.each(BOTH_WAYS)('a context window, %s', (_, stream) => {
  const prompt = (content: string): object => ({ messages: [{ role: 'user', content }] });

  it('that the prompt fits is no obstacle, also where only counting shows that', async () => {
    expect(WORDY.length).toBeGreaterThan(2 * WINDOW_TOKENS);
    for (const content of ['Hello', WORDY]) {
      const told = await ask(gateway(), { model: 'windows', stream, ...prompt(content) });
      expect([told.status, told.deployment]).toEqual([200, 'windows.red']);
    }
  });

  it('that the prompt does not fit leaves the deployment out', async () => {
    const told = await ask(gateway(), { model: 'windows', stream, ...prompt(LONG) });
    expect([told.status, told.deployment, told.retries, red.requests.length]).toEqual([200, 'windows.green', 0, 0]);
  });

  it('of all deployments too small is an error of its own, without a call', async () => {
    const told = await ask(gateway(), { model: 'small', stream, ...prompt(LONG) });
    expect(told).toMatchObject({ status: 400, error: { code: 'context_length_exceeded' } });
    // Counted, not estimated: two bytes are a token here.
    expect(told.error!.message).toMatch(/about 30\d\d\d tokens/);
    expect(told.headers.get('x-should-retry')).toBe('false');
    expect(red.requests).toHaveLength(0);
  });

  it('of all deployments too small leads to context_window_fallbacks', async () => {
    const told = await ask(gateway(), { model: 'small with help', stream, ...prompt(LONG) });
    expect([told.status, told.deployment, told.fallbacks, red.requests.length]).toEqual([200, 'help.blue', 1, 0]);
  });
});

it('explain says who is left out, and why', async () => {
  const leftOut = async (body: object): Promise<object> => {
    const { groups } = await explain(gateway(), body);
    return Object.fromEntries(
      groups[0].candidates.flatMap(({ deploymentId, leftOut: why }: Json) => (why ? [[deploymentId, why.reason]] : [])),
    );
  };
  expect(await leftOut({ model: 'tagged', tags: ['free'] })).toEqual({ 'tagged.red': 'tags', 'tagged.blue': 'tags' });
  expect(await leftOut({ model: 'regional', allowed_model_region: 'eu' })).toEqual({
    'regional.red': 'region',
    'regional.blue': 'region',
  });
});
