// Where a call goes when its group cannot answer it: every spelling of fallbacks, and who may say otherwise.
import { describe, expect, it, jest } from '@jest/globals';
import {
  ask,
  at,
  attemptsOf,
  BOTH_WAYS,
  blue,
  expectAnswer,
  gatewayFor,
  green,
  modelsAt,
  red,
  type Told,
} from './fleet.js';

jest.setTimeout(30_000);

/** A group of one red deployment that does as the words say. */
const failing = (name: string, words = '500'): object => at(red, name, { model: `mock-${words}+${name}` });
const well = (name: string): object => at(green, name, { model: name });

const router_settings = { num_retries: 0, disable_cooldowns: true };

/** Who was asked, in order, and who answered. */
const wayOf = async (gateway: { url: string }, told: Told): Promise<string[]> =>
  (await attemptsOf(gateway, told)).map((attempt) => attempt.replace(/\.\w+ .*$/, ''));

describe('each spelling', () => {
  const SPELLINGS = [
    'a list',
    'a name',
    'spelled out',
    'spelled out, a name',
    'set_fallbacks',
    'by its upstream name',
    'a deployment',
  ];
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [
        ...SPELLINGS.map((name) => failing(name)),
        failing('has none'),
        failing('has none of its own'),
        at(red, 'openai/mock-500+prefixed', { model: 'openai/mock-500+prefixed' }),
        failing('x'),
        failing('two steps'),
        ...['a', 'b', 'default'].map(well),
        at(blue, 'by another name', { model: 'upstream-name' }),
        at(blue, 'local/*', { model: '*' }),
      ],
      router_settings: {
        ...router_settings,
        fallbacks: [
          { 'a list': ['a', 'b'] },
          { 'a name': 'a' },
          { model_name: 'spelled out', fallbacks: ['a', 'b'] },
          { model: 'spelled out, a name', fallbacks: 'a' },
          { 'by its upstream name': ['upstream-name'] },
          { 'a deployment': ['b.green'] },
          { 'has none': [] },
          { 'mock-500+prefixed': ['a'] },
          { 'two steps': ['x', 'b'] },
          { x: ['local/anything'] },
        ],
        set_fallbacks: [{ set_fallbacks: 'a' }],
        default_fallbacks: ['default'],
      },
    },
  }));

  describe.each(BOTH_WAYS)('%s', (_, stream) => {
    it.each([
      ['a list', 'a.green'],
      ['a name', 'a.green'],
      ['spelled out', 'a.green'],
      ['spelled out, a name', 'a.green'],
      ['set_fallbacks', 'a.green'],
      ['by its upstream name', 'by another name.blue'],
      ['a deployment', 'b.green'],
      ['has none of its own', 'default.green'],
      ['openai/mock-500+prefixed', 'a.green'],
    ])('%s leads to %s', async (model, deployment) => {
      const told = await ask(gateway(), { model, stream });
      expectAnswer(told, deployment);
      expect([told.retries, told.fallbacks, red.requests.length]).toEqual([0, 1, 1]);
      expect(told.headers.get('x-litellm-model-group')).toBe(model);
    });

    it('an empty list leads nowhere, defaults or not', async () => {
      const told = await ask(gateway(), { model: 'has none', stream });
      expect([told.status, told.fallbacks, red.requests.length]).toEqual([500, 0, 1]);
    });

    it('a fallback that fails goes on to its own before the next of the list', async () => {
      const told = await ask(gateway(), { model: 'two steps', stream });
      expectAnswer(told, 'local/*.blue');
      expect(told.fallbacks).toBe(2);
      expect(await wayOf(gateway(), told)).toEqual(['two steps', 'x', 'local/*']);
      expect(modelsAt(blue)).toEqual(['anything']);
    });
  });
});

describe('by what went wrong', () => {
  const KINDS = ['500', 'context', 'content-policy'];
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [
        ...KINDS.flatMap((words) => [failing(`all three, ${words}`, words), failing(`general only, ${words}`, words)]),
        failing('refused', '400'),
        failing('limited', '429-30'),
        at(red, 'never answers', { model: 'mock-hang', timeout: 0.2, stream_timeout: 0.2 }),
        failing('not configured'),
        ...['general', 'long', 'mild', 'other'].map(well),
        ...['one', 'two', 'three', 'four'].map((name) => failing(name)),
        ...['here', 'there'].map((name) => failing(name)),
        ...Array.from({ length: 4 }, (_, index) =>
          at(red, 'many', { model: 'mock-500+many', info: { id: `many.red${index}` } }),
        ),
        ...Array.from({ length: 4 }, (_, index) =>
          at(blue, 'as many', { model: 'mock-500+as-many', info: { id: `as many.blue${index}` } }),
        ),
      ],
      router_settings: {
        ...router_settings,
        max_fallbacks: 2,
        fallbacks: [
          ...KINDS.flatMap((words) => [
            { [`all three, ${words}`]: ['general'] },
            { [`general only, ${words}`]: ['general'] },
          ]),
          { refused: ['general'] },
          { limited: ['general'] },
          { 'never answers': ['general'] },
          { one: ['two', 'three', 'four', 'general'] },
          { here: ['there'] },
          { there: ['here'] },
          { many: ['as many'] },
        ],
      },
      litellm_settings: {
        context_window_fallbacks: KINDS.map((words) => ({ [`all three, ${words}`]: ['long'] })),
        content_policy_fallbacks: KINDS.map((words) => ({ model_name: `all three, ${words}`, fallbacks: ['mild'] })),
      },
    },
  }));

  const expectWay = async (body: { model: string; [field: string]: unknown }, ...way: string[]): Promise<Told> => {
    const told = await ask(gateway(), body);
    expect(await wayOf(gateway(), told)).toEqual([body.model, ...way]);
    return told;
  };

  it.each(BOTH_WAYS)('the group’s own list for it is taken, else the general one, %s', async (_, stream) => {
    for (const [words, own] of [
      ['500', 'general'],
      ['context', 'long'],
      ['content-policy', 'mild'],
    ] as const) {
      expectAnswer(await expectWay({ model: `all three, ${words}`, stream }, own));
      expectAnswer(await expectWay({ model: `general only, ${words}`, stream }, 'general'));
    }
  });

  it.each([['refused'], ['limited'], ['never answers']])('a group that is %s has fallbacks like any', async (model) => {
    for (const stream of [false, true]) expectAnswer(await expectWay({ model, stream }, 'general'));
  });

  it('the error of the last one is what the client is told', async () => {
    const told = await expectWay({ model: 'one' }, 'two', 'three');
    expect(told).toMatchObject({ status: 500, fallbacks: 2 });
    expect(modelsAt(green)).toEqual([]);
  });

  it('a circle ends where it began', async () => {
    expect((await expectWay({ model: 'here' }, 'there')).status).toBe(500);
    expect((await expectWay({ model: 'there' }, 'here')).status).toBe(500);
  });

  it('each group has its own retries', async () => {
    const told = await ask(gateway(), { model: 'many', num_retries: 2 });
    expect([red.requests.length, blue.requests.length]).toEqual([3, 3]);
    expect([told.retries, told.fallbacks]).toEqual([4, 1]);
  });

  describe('and the request’s own', () => {
    it.each<[string, object, string[]]>([
      ['names', { fallbacks: ['long', 'mild'] }, ['long']],
      ['names under the group', { fallbacks: [{ 'all three, 500': ['mild'] }, { other: ['long'] }] }, ['mild']],
      ['an entry', { fallbacks: [{ model: 'other' }] }, ['other']],
      ['an unknown name, which is passed over', { fallbacks: ['nowhere', 'other'] }, ['other']],
      ['none', { fallbacks: [] }, []],
      ['disable_fallbacks', { disable_fallbacks: true }, []],
      ['disable_fallbacks, above its own', { disable_fallbacks: true, fallbacks: ['other'] }, []],
    ])('go before the configured ones: %s', async (_title, wishes, way) => {
      const told = await expectWay({ model: 'all three, 500', ...wishes }, ...way);
      expect([told.status, told.fallbacks]).toEqual([way.length > 0 ? 200 : 500, way.length]);
      for (const { body } of [...red.requests, ...green.requests]) {
        expect(body).not.toHaveProperty('fallbacks');
        expect(body).not.toHaveProperty('disable_fallbacks');
      }
    });

    it.each([
      ['context', { context_window_fallbacks: ['other'] }],
      ['content-policy', { content_policy_fallbacks: ['other'] }],
    ])('after %s too', async (words, wishes) => {
      expectAnswer(await expectWay({ model: `all three, ${words}`, ...wishes }, 'other'));
      expectAnswer(await expectWay({ model: 'all three, 500', ...wishes }, 'general'));
    });

    it('may replace fields of the request', async () => {
      const fallbacks = [{ model: 'other', temperature: 0.5, messages: [{ role: 'user', content: 'Something else' }] }];
      for (const stream of [false, true]) {
        const told = await ask(gateway(), { model: 'not configured', stream, temperature: 1, fallbacks });
        expect([told.status, told.content]).toEqual([200, 'Mock answer to: Something else']);
        expect(red.requests.at(-1)!.body).toMatchObject({ temperature: 1, messages: [{ content: 'Hello' }] });
        expect(green.requests.at(-1)!.body).toMatchObject({ model: 'other', temperature: 0.5 });
      }
    });

    it('may be the same group with other fields', async () => {
      const fallbacks = [{ model: 'not configured', max_tokens: 5 }];
      const told = await ask(gateway(), { model: 'not configured', fallbacks });
      expect([told.status, told.fallbacks]).toEqual([500, 1]);
      expect(red.requests.map(({ body }) => body.max_tokens)).toEqual([undefined, 5]);
    });

    it.each([
      { fallbacks: 'other' },
      { fallbacks: [5] },
      { fallbacks: Array(21).fill('other') },
      { fallbacks: [{ model: 'other', api_base: 'http://127.0.0.1:1' }] },
    ])('are refused as %j', async (wishes) => {
      const told = await ask(gateway(), { model: 'all three, 500', ...wishes });
      expect([told.status, red.requests.length]).toEqual([400, 0]);
      expect(told.error!.message).toMatch(/fallbacks|api_base/);
    });
  });
});

describe('fallback_on_rate_limit: false', () => {
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [failing('limited', '429-30'), failing('failing'), failing('rests'), well('spare')],
      router_settings: { num_retries: 0, allowed_fails: 0, cooldown_time: 60, default_fallbacks: ['spare'] },
      general_settings: { fallback_on_rate_limit: false },
    },
  }));

  it.each(BOTH_WAYS)('lets the client see a 429, and nothing else, %s', async (_, stream) => {
    const told = await ask(gateway(), { model: 'limited', stream });
    expect([told.status, told.fallbacks]).toEqual([429, 0]);
    expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(20);
    expect(green.requests).toHaveLength(0);
  });

  it('nor is a group that rests stood in for', async () => {
    expectAnswer(await ask(gateway(), { model: 'rests' }), 'spare.green');
    const told = await ask(gateway(), { model: 'rests' });
    expect([told.status, red.requests.length]).toEqual([429, 1]);
  });
});
