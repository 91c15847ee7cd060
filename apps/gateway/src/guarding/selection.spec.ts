import type { GuardrailSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import type { Resolution } from '@turnpike/router';
import { aDeployment } from '@turnpike/plugin-testkit';
import { anExchange, anInstance } from '../../test/doubles.js';
import { guardrailTermsOf } from '../keys/guardrail-terms.js';
import type { Terms } from '../keys/terms.js';
import type { Admitted } from '../pipeline/exchange.js';
import { ModelGuardrails } from './model-guardrails.js';
import { NO_GUARDRAILS, Selector, parametersFor, type ActiveGuardrail } from './selection.js';

const guardrail = (
  name: string,
  defaultOn: boolean,
  modes: string[] = ['pre_call'],
  byTag: Record<string, string[]> = {},
): ActiveGuardrail => ({
  settings: { name, defaultOn, modes: { default: modes, byTag } } as unknown as GuardrailSettings,
  instance: anInstance<'guardrail/v1'>(`guardrail.${name}`, {}),
});

/** `usual` is on by default, `other` is not. */
const two = [guardrail('usual', true), guardrail('other', false)];

interface Caller {
  key?: JsonObject;
  team?: JsonObject;
  tags?: string[];
}

const call = (body: JsonObject = {}, { key = {}, team = {}, tags }: Caller = {}): Admitted => {
  const terms = { guardrails: guardrailTermsOf(key, team), tags: undefined } as Partial<Terms> as Terms;
  const principal = { isAdmin: false, keyHash: 'h', keyAlias: '', teamId: '', userId: '', terms };
  return anExchange<Admitted>({ body, principal, tags });
};

const namesFor = (body?: JsonObject, caller?: Caller, all = two): readonly string[] =>
  new Selector(all).select(call(body, caller)).names;

const refusal = (body: JsonObject, caller?: Caller): unknown => {
  try {
    namesFor(body, caller);
  } catch (error) {
    return error;
  }
  return undefined;
};
const refused = (code: string, message: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('a call is looked at by', () => {
  it.each<[string, JsonObject, Caller, string[]]>([
    ['those that are on by default', {}, {}, ['usual']],
    ['those that its request names, too', { guardrails: ['other'] }, {}, ['usual', 'other']],
    ['those that its metadata names', { metadata: { guardrails: ['other'] } }, {}, ['usual', 'other']],
    [
      'those of the metadata that is the gateway’s',
      { litellm_metadata: { guardrails: ['other'] } },
      {},
      ['usual', 'other'],
    ],
    ['those that it names with a wish', { guardrails: [{ other: { extra_body: {} } }] }, {}, ['usual', 'other']],
    ['those that its key names', {}, { key: { guardrails: ['other'] } }, ['usual', 'other']],
    ['those that its team names', {}, { team: { guardrails: ['other'] } }, ['usual', 'other']],
    ['one that is named twice once', { guardrails: ['usual', 'usual'] }, { key: { guardrails: ['usual'] } }, ['usual']],
    ['none where its key is without defaults', {}, { key: { disable_global_guardrails: true } }, []],
    ['none where its team is', {}, { team: { disable_global_guardrails: true } }, []],
    [
      'those by default where its key says otherwise than its team',
      {},
      { key: { disable_global_guardrails: false }, team: { disable_global_guardrails: true } },
      ['usual'],
    ],
    ['none that its key opted out of', {}, { key: { opted_out_global_guardrails: ['usual'] } }, []],
    ['none that its team opted out of', {}, { team: { opted_out_global_guardrails: ['usual'] } }, []],
    [
      'those that are named all the same',
      { guardrails: ['usual'] },
      { key: { disable_global_guardrails: true } },
      ['usual'],
    ],
    ['all, whatever the client writes among its wishes', { disable_global_guardrails: true }, {}, ['usual']],
    [
      'all, whatever it writes into its metadata',
      { metadata: { disable_global_guardrails: true, opted_out_global_guardrails: ['usual'] } },
      {},
      ['usual'],
    ],
    ['those by default where it asks for none', { guardrails: null, metadata: { guardrails: [] } }, {}, ['usual']],
  ])('%s', (_who, body, caller, expected) => expect(namesFor(body, caller)).toEqual(expected));

  it('nobody, at no cost, where there is nobody', () => {
    expect(new Selector([]).select(call())).toBe(NO_GUARDRAILS);
    expect(new Selector([guardrail('other', false)]).select(call())).toBe(NO_GUARDRAILS);
    expect(new Selector(two).select(call({}, { key: { disable_global_guardrails: true } }))).toBe(NO_GUARDRAILS);
  });

  it('the same, at no cost, where nothing is asked for', () => {
    const selector = new Selector(two);
    const demanding = call({}, { key: { guardrails: ['other'] } });
    expect(selector.select(call())).toBe(selector.select(call()));
    expect(selector.select(demanding)).toBe(selector.select(demanding));
  });
});

describe('modes', () => {
  const listsOf = (all: ActiveGuardrail[], tags?: string[]): string[] => {
    const { preCall, duringCall, postCall, logging } = new Selector(all).select(call({}, { tags }));
    return [preCall, duringCall, postCall, logging].map((list) => list.map(({ settings }) => settings.name).join());
  };

  it('say when each looks, in the order of the configuration', () => {
    const all = [
      guardrail('a', true, ['pre_call', 'post_call']),
      guardrail('b', true, ['during_call']),
      guardrail('c', true, ['logging_only', 'pre_call']),
    ];
    expect(listsOf(all)).toEqual(['a,c', 'b', 'a', 'c']);
  });

  it.each<[boolean, Caller, number]>([
    [true, {}, 1],
    [false, {}, 1],
    [true, { key: { disable_global_guardrails: true } }, 1],
    [true, { key: { opted_out_global_guardrails: ['a'] } }, 0],
    [false, { key: { guardrails: ['a'], opted_out_global_guardrails: ['a'] } }, 1],
  ])('for logs alone are for the logs of every call, and not among those applied: %j %j', (isOn, caller, count) => {
    const { names, logging } = new Selector([guardrail('a', isOn, ['logging_only'])]).select(call({}, caller));
    expect([names, logging.length]).toEqual([[], count]);
  });

  it('for logs among others say nothing of the others', () => {
    expect(listsOf([guardrail('a', false, ['pre_call', 'logging_only'])])).toEqual(['', '', '', 'a']);
  });

  const tagged = [guardrail('a', true, ['logging_only'], { x: ['pre_call'], y: ['post_call', 'pre_call'] })];

  it.each<[string[] | undefined, string[]]>([
    [undefined, ['', '', '', 'a']],
    [['z'], ['', '', '', 'a']],
    [['x'], ['a', '', '', '']],
    [
      ['z', 'x', 'y'],
      ['a', '', 'a', ''],
    ],
    [['constructor'], ['', '', '', 'a']],
  ])('are those of its tags, or else those by default: %j', (tags, expected) => {
    expect(listsOf(tagged, tags)).toEqual(expected);
  });

  it('of a tag alone leave other calls alone', () => {
    expect(listsOf([guardrail('a', true, [], { x: ['pre_call'] })])).toEqual(['', '', '', '']);
  });
});

describe('models', () => {
  const [careful, plain] = ['careful', 'plain'].map((id) => aDeployment({ id }));
  const asking = { ...careful!, info: { guardrails: ['other'] } };
  const ofModels = ModelGuardrails.of([asking, plain!], new Set(['usual', 'other']));
  const callTo = (...deployments: (typeof plain)[]): Admitted =>
    Object.assign(call(), {
      resolution: { groups: [{ targets: deployments.map((deployment) => ({ deployment })) }] } as unknown as Resolution,
    });
  const selecting = (all: ActiveGuardrail[], exchange: Admitted): Selector => {
    const selector = new Selector(all, ofModels);
    exchange.guardrails = selector.select(exchange);
    return selector;
  };

  it.each([
    [[asking], 'usual,other'],
    [[plain, asking], 'usual,other'],
    [[plain], 'usual'],
  ])('have theirs, whichever of them answers', (deployments, expected) => {
    const exchange = callTo(...deployments);
    selecting(two, exchange);
    expect(exchange.guardrails!.names.join()).toBe(expected);
  });

  it('cost nothing where none asks', () => {
    expect(ModelGuardrails.of([plain!], new Set())).toBeUndefined();
    const selector = new Selector(two, ofModels);
    expect(selector.select(callTo(plain))).toBe(selector.select(callTo(plain)));
  });

  it('that ask for one that did not look may not answer', () => {
    const [guarded, unguarded] = [callTo(asking), callTo(plain)];
    const selector = selecting(two, unguarded);
    selecting(two, guarded);
    const may = (exchange: Admitted): boolean[] => ['careful', 'plain'].map((id) => selector.mayAnswer(exchange, id));
    expect([may(guarded), may(unguarded)]).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  it('may answer where the one they ask for has nothing to look at', () => {
    const all = [guardrail('other', false, ['logging_only'], { x: ['pre_call'] })];
    const exchange = callTo(plain);
    expect(selecting(all, exchange).mayAnswer(exchange, 'careful')).toBe(true);
  });

  it.each([
    [['ghost'], "The model 'gpt-4o' asks for the guardrail 'ghost', which is not configured. (a.yaml:3)"],
    ['other', 'must be a list of their names'],
    [[{ other: {} }], 'must be a list of their names'],
  ])('that ask for what is not there stop the start: %j', (guardrails, message) => {
    const deployment = aDeployment({ modelName: 'gpt-4o', info: { guardrails }, source: 'a.yaml:3' });
    expect(() => ModelGuardrails.of([deployment], new Set(['other']))).toThrow(message);
  });
});

describe('a call is refused', () => {
  it.each<[JsonObject, string]>([
    [{ guardrails: ['ghost'] }, "The guardrail 'ghost' is not configured"],
    [{ guardrails: 'other' }, "'guardrails' must be an array"],
    [{ guardrails: { other: true } }, "'guardrails' must be an array"],
    [{ guardrails: [5] }, "'guardrails[0]' must be a name"],
    [{ guardrails: [['other']] }, "'guardrails[0]' must be a name"],
    [{ guardrails: [{ other: true }] }, `'guardrails[0].other' must be {"extra_body"`],
    [{ guardrails: [{ other: { extra_body: 'x' } }] }, `'guardrails[0].other' must be {"extra_body"`],
    [{ metadata: { guardrails: 'other' } }, "'metadata.guardrails' must be an array"],
    [{ guardrails: Array(101).fill('other') }, 'at most 100 names'],
    [{ guardrails: ['__proto__'] }, "The guardrail '__proto__' is not configured"],
  ])('where it asks for %j', (body, message) => {
    expect(refusal(body)).toEqual(refused('GW_INVALID_REQUEST', message));
  });

  it.each([{ key: { guardrails: ['ghost'] } }, { team: { guardrails: ['ghost'] } }])(
    'where one is not there that it must not go without: %j',
    (caller) => expect(refusal({}, caller)).toEqual(refused('GW_GUARDRAIL_BLOCKED', "'ghost'")),
  );

  const bound = { team: { guardrails: { modify_guardrails: false } } };

  it.each<JsonObject>([
    { guardrails: ['other'] },
    { guardrails: [] },
    { disable_global_guardrails: false },
    { metadata: { guardrails: ['other'] } },
    { metadata: { opted_out_global_guardrails: '' } },
    { litellm_metadata: { disable_global_guardrail: true } },
  ])('where its team may not choose, and it does: %j', (body) => {
    expect(refusal(body, bound)).toEqual(
      refused('GW_PERMISSION_DENIED', 'does not have permission to modify guardrails'),
    );
  });

  it('not where its team may not choose, and it does not', () => {
    expect(namesFor({ metadata: { tags: ['a'] } }, bound)).toEqual(['usual']);
    expect(namesFor({ guardrails: ['other'] }, { team: { guardrails: { modify_guardrails: true } } })).toHaveLength(2);
  });
});

it('what a client says to a guardrail is told to that one', () => {
  const body = { guardrails: ['usual', { other: { extra_body: { level: 1 } } }] };
  const selection = new Selector(two).select(call(body));
  expect(['usual', 'other', 'ghost'].map((name) => parametersFor(selection, name))).toEqual([{}, { level: 1 }, {}]);
});
