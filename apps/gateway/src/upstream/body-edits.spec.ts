import type { Deployment, JsonObject } from '@turnpike/domain';
import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { addEdits, addOverrides, applyEdits, commonEdits, dropPath, isEmpty, noEdits, wishOf } from './body-edits.js';

const BODY: JsonObject = { model: 'm', messages: [] };

/** The body as the upstream gets it. */
const edited = (body: JsonObject, changes: Partial<Deployment> = {}): JsonObject => {
  const whole = { ...BODY, ...body };
  return applyEdits(whole, commonEdits(whole, aDeployment(changes), 'm'));
};

describe('the body on its way upstream', () => {
  it('is left alone when nothing of it is ours', () => {
    const body: JsonObject = { ...BODY, temperature: 1, unknown_field: { a: 1 } };
    expect(isEmpty(commonEdits(body, aDeployment(), 'm'))).toBe(true);
  });

  it("gets the upstream's model", () => {
    const edits = commonEdits(BODY, aDeployment(), 'upstream');
    expect(applyEdits(BODY, edits)).toEqual({ model: 'upstream', messages: [] });
    expect(BODY['model']).toBe('m');
  });

  it.each(['cache', 'fallbacks', 'timeout', 'tags', 'drop_params', 'mock_response', 'api_key', 'api_base'])(
    'loses %s, which is said to the gateway',
    (name) => expect(edited({ [name]: 'x', temperature: 1 })).toEqual({ ...BODY, temperature: 1 }),
  );

  it('loses its metadata, unless the provider is to store the answer with it', () => {
    const metadata = { user: 'x' };
    expect(edited({ metadata })).toEqual(BODY);
    expect(edited({ metadata, store: false })).toEqual({ ...BODY, store: false });
    expect(edited({ metadata, store: true })).toEqual({ ...BODY, metadata, store: true });
  });

  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['where the client says nothing', {}, { temperature: 0.5 }, { temperature: 0.5 }],
    ['where the client says null', { temperature: null }, { temperature: 0.5 }, { temperature: 0.5 }],
    ['but the client wins', { temperature: 0 }, { temperature: 0.5 }, { temperature: 0 }],
    ['but its other spelling wins too', { max_completion_tokens: 9 }, { max_tokens: 5 }, { max_completion_tokens: 9 }],
    ['but its older spelling wins too', { max_tokens: 9 }, { max_completion_tokens: 5 }, { max_tokens: 9 }],
  ])("takes the deployment's defaults %s", (_title, body, defaults, expected) => {
    expect(edited(body, { defaults })).toEqual({ ...BODY, ...expected });
  });

  it("takes the deployment's extra body over the client's own fields", () => {
    expect(edited({ top_k: 1 }, { extraBody: { top_k: 5, cache: 'theirs' } })).toEqual({
      ...BODY,
      top_k: 5,
      cache: 'theirs',
    });
  });

  it("takes the client's extra body, but not its model nor whether it streams", () => {
    const extra = { model: 'other', stream: true, top_k: 5, tags: ['theirs'] };
    expect(edited({ extra_body: extra, top_k: 1 })).toEqual({ ...BODY, top_k: 5, tags: ['theirs'] });
  });

  it('is judged with the extra body in it', () => {
    const body = { ...BODY, extra_body: { model: 'other', messages: ['other'], extra_body: { messages: [] } } };
    expect(wishOf(body)).toEqual({ ...body, messages: ['other'] });
    expect(edited(body)).toEqual({ ...BODY, messages: ['other'] });
    expect(wishOf(BODY)).toBe(BODY);
  });

  it('takes a field called __proto__ for a field', () => {
    const body = JSON.parse('{"model":"m","extra_body":{"__proto__":{"polluted":true}}}') as JsonObject;
    const sent = applyEdits(body, commonEdits(body, aDeployment(), 'm'));
    expect(JSON.stringify(sent)).toBe('{"model":"m","__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("a fallback's entry", () => {
  it('changes what is not decided by then: neither the model, nor whether it streams, nor what was set or removed', () => {
    const edits = noEdits();
    addEdits(edits, { set: { top_k: 5 }, remove: ['tags'] });
    addOverrides(edits, { model: 'other', stream: true, top_k: 1, tags: ['theirs'], temperature: 0 });
    expect(applyEdits({ ...BODY, tags: ['own'] }, edits)).toEqual({ ...BODY, top_k: 5, temperature: 0 });
  });
});

describe('edits', () => {
  it('are overruled by later ones', () => {
    const edits = noEdits();
    addEdits(edits, { set: { a: 1, b: 1 }, remove: ['c'] });
    addEdits(edits, undefined);
    addEdits(edits, { set: { c: 2 }, remove: ['a'] });
    expect(applyEdits({ a: 0, b: 0, c: 0, d: 0 }, edits)).toEqual({ b: 1, c: 2, d: 0 });
  });

  it('that set what they remove set it', () => {
    const edits = noEdits();
    addEdits(edits, { set: { a: 1 }, remove: ['a'] });
    expect(applyEdits({ a: 0 }, edits)).toEqual({ a: 1 });
  });

  it('are none until there is one', () => {
    const edits = noEdits();
    expect(isEmpty(edits)).toBe(true);
    addEdits(edits, { remove: ['a'] });
    expect(isEmpty(edits)).toBe(false);
  });
});

describe('a path that is dropped', () => {
  const body: JsonObject = {
    response_format: { type: 'json_object' },
    tools: [
      { type: 'function', function: { name: 'f', strict: true } },
      { type: 'function', function: { name: 'g' } },
      'odd',
    ],
    deep: { list: [{ a: { b: 1, c: 2 } }] },
  };
  const drop = (path: string): JsonObject => {
    const edits = noEdits();
    addEdits(
      edits,
      dropPath((field) => (Object.hasOwn(body, field) ? body[field] : undefined), path),
    );
    return applyEdits(body, edits);
  };
  const [first, ...others] = body['tools'] as JsonObject[];

  it.each<[string, JsonObject]>([
    ['response_format', { tools: body['tools'], deep: body['deep'] }],
    ['response_format.type', { ...body, response_format: {} }],
    ['tools[*].function.strict', { ...body, tools: [{ type: 'function', function: { name: 'f' } }, ...others] }],
    ['tools[0].function', { ...body, tools: [{ type: 'function' }, ...others] }],
    ['tools[0]', { ...body, tools: others }],
    ['tools[*]', { ...body, tools: [] }],
    ['deep.list[0].a.b', { ...body, deep: { list: [{ a: { c: 2 } }] } }],
  ])('%s is gone, and nothing else', (path, expected) => {
    expect(drop(path)).toEqual(expected);
    expect(first).toEqual({ type: 'function', function: { name: 'f', strict: true } });
  });

  it.each([
    'missing',
    'missing.deeper',
    'response_format.missing',
    'response_format.type.deeper',
    'tools[9]',
    'tools[9].function',
    'tools[*].missing',
    'tools.function',
    'deep.list[0].a.b.c',
    'deep.constructor',
    'deep.__proto__.toString',
    'constructor.name',
    '',
    '.',
    '[0]',
  ])('%j leads nowhere and changes nothing', (path) => {
    expect(dropPath((field) => (Object.hasOwn(body, field) ? body[field] : undefined), path)).toBeUndefined();
  });
});
