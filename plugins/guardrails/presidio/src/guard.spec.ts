import {
  aChatRequestSaying,
  aChatResponseSaying,
  aGuardrailContext,
  fakeHost,
  type Script,
} from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

/** Whatever a verdict holds. */
type Json = ReturnType<typeof JSON.parse>;

const BASE = { presidio_analyzer_api_base: 'http://analyzer/', timeout_seconds: 0.05 };

/** An analyzer that knows Jane, and says how sure it is. */
const analyzer =
  (score = 0.85): Script =>
  ({ body }) => {
    const { text } = JSON.parse(String(body)) as { text: string };
    const start = [...text].findIndex((_, index, all) => all.slice(index, index + 4).join('') === 'Jane');
    return { body: start === -1 ? [] : [{ entity_type: 'PERSON', start, end: start + 4, score }] };
  };

const open = (settings: object = {}, script: Script = analyzer()) => {
  const host = fakeHost();
  host.http.fallback = script;
  const guard = plugin.init(plugin.config.parse({ ...BASE, ...settings }), host);
  const caught = (error: unknown): unknown => error;
  return {
    host,
    before: (text: string): Promise<Json> =>
      guard.preCall!.check(aChatRequestSaying(text), aGuardrailContext()).catch(caught),
    after: (text: string): Promise<Json> =>
      guard.postCall!.check(aChatResponseSaying(text), aChatRequestSaying(''), aGuardrailContext()).catch(caught),
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
  it('the answer gets back what was hidden, once', async () => {
    const { before, after } = open({ output_parse_pii: true });
    expect((await before('I am Jane')).value).toEqual(aChatRequestSaying('I am <PERSON_1>'));
    expect((await after('Hello <PERSON_1>')).value).toEqual(aChatResponseSaying('Hello Jane'));
    expect(await after('Hello <PERSON_1>')).toEqual({ action: 'pass' });
  });
});

describe('a judgement that does not come', () => {
  it.each<[string, Script, string]>([
    ['because nobody is there', 'down', 'pass'],
    ['because it takes too long', 'hang', 'pass'],
    ['because the analyzer fails', { status: 500 }, 'stop'],
    ['because it is no list', { body: { error: 'no' } }, 'stop'],
    ['because a finding has no place', { body: [{ entity_type: 'PERSON' }] }, 'stop'],
  ])('%s: stops the call, and fails open if it is told to and nobody is there', async (_why, script, expected) => {
    const closed = open({}, script);
    expect(await closed.before('I am Jane')).toBeInstanceOf(Error);
    expect(await closed.after('I am Jane')).toBeInstanceOf(Error);
    const verdict = await open({ unreachable_fallback: 'fail_open' }, script).before('I am Jane');
    expect(verdict instanceof Error ? 'stop' : verdict.action).toBe(expected);
  });
});
