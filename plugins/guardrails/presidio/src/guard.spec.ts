import {
  aChatRequestSaying,
  aChatResponseSaying,
  aGuardrailContext,
  fakeHost,
  type Script,
} from '@turnpike/plugin-testkit';
import type { GuardrailContext } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

/** Whatever a verdict holds. */
type Json = ReturnType<typeof JSON.parse>;

const BASE = { presidio_analyzer_api_base: 'http://analyzer/' };

/** An analyzer that knows Jane, and says how sure it is. */
const analyzer =
  (score = 0.85): Script =>
  ({ body }) => {
    const { text } = JSON.parse(String(body)) as { text: string };
    const start = [...text].findIndex((_, index, all) => all.slice(index, index + 4).join('') === 'Jane');
    return { body: start === -1 ? [] : [{ entity_type: 'PERSON', start, end: start + 4, score }] };
  };

const open = (settings: object = {}, script: Script = analyzer(), told: Partial<GuardrailContext> = {}) => {
  const host = fakeHost();
  host.http.fallback = script;
  const guard = plugin.init(plugin.config.parse({ ...BASE, ...settings }), host);
  const caught = (error: unknown): unknown => error;
  const context = aGuardrailContext(told);
  return {
    host,
    before: (text: string): Promise<Json> => guard.preCall!.check(aChatRequestSaying(text), context).catch(caught),
    after: (text: string): Promise<Json> =>
      guard.postCall!.check(aChatResponseSaying(text), aChatRequestSaying(''), context).catch(caught),
    along: () => guard.postCall!.stream!(aChatRequestSaying(''), context),
    asked: () => host.http.requests.map(({ url, body }) => [url, JSON.parse(String(body))]),
  };
};

describe('the analyzer', () => {
  it('is asked as its documents say', async () => {
    const { before, asked } = open({ presidio_language: 'de', pii_entities_config: { PERSON: 'MASK' } });
    await before('Ich bin Jane');
    expect(asked()).toEqual([
      ['http://analyzer/analyze', { text: 'Ich bin Jane', language: 'de', entities: ['PERSON'] }],
    ]);
  });

  it('counts characters, here they are counted in halves', async () => {
    expect((await open().before('😀😀 Jane 😀')).value).toEqual(aChatRequestSaying('😀😀 <PERSON> 😀'));
  });

  it.each([
    [{ presidio_score_thresholds: { PERSON: 0.9 } }, 'pass'],
    [{ presidio_score_thresholds: { ALL: 0.9 } }, 'pass'],
    [{ presidio_score_thresholds: { ALL: 0.9, PERSON: 0.5 } }, 'replace'],
    [{ presidio_entities_deny_list: ['PERSON'] }, 'pass'],
    [{ presidio_filter_scope: 'output' }, 'pass'],
    [{ pii_entities_config: { PERSON: 'BLOCK' } }, 'block'],
  ])('with %j: %s', async (settings, action) => expect((await open(settings).before('I am Jane')).action).toBe(action));
});

it('the anonymizer says what is put in, where there is one', async () => {
  const { before, asked } = open({ presidio_anonymizer_api_base: 'http://anonymizer' }, (request) =>
    request.url.endsWith('/anonymize') ? { body: { text: 'I am J***', items: [] } } : (analyzer() as Json)(request),
  );
  expect((await before('I am Jane')).value).toEqual(aChatRequestSaying('I am J***'));
  expect(asked()[1]).toEqual([
    'http://anonymizer/anonymize',
    { text: 'I am Jane', analyzer_results: [{ entity_type: 'PERSON', start: 5, end: 9, score: 0.85 }] },
  ]);
});

describe('with output_parse_pii', () => {
  it('the answer gets back what was hidden', async () => {
    const { before, after } = open({ output_parse_pii: true });
    expect(await before('I am Jane')).toMatchObject({
      value: aChatRequestSaying('I am <PERSON_1>'),
      masked: { PERSON: 1 },
    });
    expect((await after('Hello <PERSON_1>')).value).toEqual(aChatResponseSaying('Hello Jane'));
    expect(await after('Hello')).toEqual({ action: 'pass' });
  });

  it('it gets back also what a recognizer of one’s own found', async () => {
    const script = { body: [{ entity_type: 'zip-code 2', start: 0, end: 5, score: 1 }] };
    const { before, after } = open({ output_parse_pii: true }, script);
    expect((await before('12345')).value).toEqual(aChatRequestSaying('<ZIP_CODE___1>'));
    expect((await after('<ZIP_CODE___1>!')).value).toEqual(aChatResponseSaying('12345!'));
  });
});

describe('a stream', () => {
  it.each<[string, object, string, unknown]>([
    ['is analyzed as a whole', {}, 'I am Jane', undefined],
    ['is analyzed as a whole where nothing was hidden', {}, 'Hello', undefined],
    ['needs nobody where answers are not looked at', { presidio_filter_scope: 'input' }, 'I am Jane', 'pass'],
    ['needs nobody where nothing was hidden', { output_parse_pii: true }, 'Hello', 'pass'],
    ['gets back what was hidden as it comes', { output_parse_pii: true }, 'I am Jane', expect.any(Object)],
  ])('%s', async (_what, settings, text, expected) => {
    const { before, along } = open(settings);
    await before(text);
    expect(along()).toEqual(expected);
  });
});

it('a call says in which language it is', async () => {
  const { before, asked } = open({}, analyzer(), { parameters: { language: 'fr' } });
  await before('Je suis Jane');
  expect(asked()[0]).toEqual(['http://analyzer/analyze', { text: 'Je suis Jane', language: 'fr' }]);
});

describe('a judgement that does not come', () => {
  it.each<[string, Script, boolean]>([
    ['because nobody is there', 'down', true],
    ['because the analyzer fails', { status: 500 }, false],
    ['because it is no list', { body: { error: 'no' } }, false],
    ['because a finding has no place', { body: [{ entity_type: 'PERSON' }] }, false],
    ['because a finding begins nowhere', { body: [{ entity_type: 'PERSON', start: -4, end: 2 }] }, false],
    ['because a finding ends before it begins', { body: [{ entity_type: 'PERSON', start: 4, end: 4 }] }, false],
  ])('is a failure, %s', async (_why, script, isUnreachable) => {
    const { before, after } = open({}, script);
    expect(await before('I am Jane')).toMatchObject({ name: 'ServiceFailure', isUnreachable });
    expect(await after('I am Jane')).toMatchObject({ name: 'ServiceFailure', isUnreachable });
  });
});
