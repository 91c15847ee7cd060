import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { aFront, anExchange } from '../../test/doubles.js';
import type { Recalled } from '../pipeline/exchange.js';
import { noEdits } from './body-edits.js';
import { canonicalRequest } from './canonical-request.js';

const BODY: JsonObject = { model: 'asked', messages: 'hello', temperature: 1, ours: true };

/** A domain request in little: known fields by name, the rest in `extras`. */
const toDomain = ({ model, messages, temperature, ...extras }: JsonObject): object => ({
  model,
  messages,
  temperature,
  extras,
});

const request = (
  { body = BODY, said }: { body?: JsonObject; said?: object },
  edits: { set?: JsonObject; remove?: string[] } = {},
): object => {
  const exchange = anExchange<Recalled>(
    { body, ...(said && { request: said, isRewritten: true }) },
    { front: aFront({ toDomain }) },
  );
  return canonicalRequest(exchange, {
    set: Object.assign(noEdits().set, edits.set),
    remove: new Set(edits.remove ?? []),
  });
};

const EDITS = { set: { model: 'upstream', top_k: 5 }, remove: ['ours'] };

it('is the body with its edits when nobody changed it', () => {
  expect(request({}, EDITS)).toEqual({ model: 'upstream', messages: 'hello', temperature: 1, extras: { top_k: 5 } });
});

describe('that a guardrail changed', () => {
  const said = { model: 'asked', messages: '***', temperature: 1, extras: { ours: true } };

  it('keeps what it says, and is edited all the same', () => {
    expect(request({ said }, EDITS)).toEqual({
      model: 'upstream',
      messages: '***',
      temperature: 1,
      extras: { top_k: 5 },
    });
  });

  it.each<[string, JsonObject, object]>([
    ['edits of the same field', BODY, { set: { messages: 'hell' } }],
    ['a body over the body', { ...BODY, extra_body: { messages: 'hello!' } }, { set: { messages: 'hello!' } }],
  ])('keeps it against %s', (_what, body, edits) => {
    expect(request({ body, said }, edits)).toMatchObject({ messages: '***' });
  });

  it('keeps what it put beside the known fields, where the edits put something else', () => {
    const more = { ...said, extras: { ours: true, checked: 'yes', top_k: 1 } };
    expect(request({ said: more }, EDITS)).toMatchObject({ extras: { checked: 'yes', top_k: 1 } });
    expect(request({ said: more }, EDITS)).not.toHaveProperty('extras.ours', true);
  });

  it('has behind it what was put behind the client’s words, and nothing that was put between them', () => {
    const body = { ...BODY, messages: ['one', 'two'] };
    const changed = { ...said, messages: ['***', 'two'] };
    const edits = (...messages: string[]): object => request({ body, said: changed }, { set: { messages } });
    expect(edits('one', 'two', 'so far', 'go on')).toMatchObject({ messages: ['***', 'two', 'so far', 'go on'] });
    expect(edits('one', 'between', 'two')).toMatchObject({ messages: ['***', 'two'] });
    expect(edits('two')).toMatchObject({ messages: ['***', 'two'] });
  });

  it('goes to the model that was routed, whatever it says', () => {
    expect(request({ said: { ...said, model: 'mine' } }, EDITS)).toMatchObject({ model: 'upstream' });
  });
});
