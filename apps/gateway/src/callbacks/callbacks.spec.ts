import { describe, expect, it } from '@jest/globals';
import { changeRequestTexts, type CallFinished, type EventsV1, type GuardrailV1 } from '@turnpike/plugin-sdk';
import { anAttempt, anExchange, anInstance, aSelection, callbacksFor } from '../../test/doubles.js';
import { until } from '../../test/until.js';
import { Guardrails } from '../guarding/guardrails.js';
import type { ActiveGuardrail } from '../guarding/selection.js';
import type { Terms } from '../keys/terms.js';
import type { Exchange, Outcome, Principal } from '../pipeline/exchange.js';
import { chatFront } from '../routes/openai.js';

const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  status: 'success',
  statusCode: 200,
  isUsageEstimated: false,
  endedAt: performance.now(),
  ...changes,
});
const FAILED = outcome({ status: 'failure', statusCode: 503 });

const call = (filled: Partial<Exchange> = {}, headers: Record<string, string> = {}): Exchange =>
  anExchange({ callId: 'call-1', model: 'm', body: { model: 'm' }, ...filled }, { headers });

const callOf = (terms: Partial<Terms>, filled: Partial<Exchange> = {}): Exchange =>
  call({ principal: { keyHash: 'h', terms: terms as Terms } as Principal, ...filled });

type Told = [name: string, moment: string, status: string];

/** Callbacks that write down what they are told, at once. */
const listening = (
  names: Partial<Record<'both' | 'success' | 'failure' | 'alerts', string[]>>,
  changes: Parameters<typeof callbacksFor>[1] = {},
) => {
  const told: Told[] = [];
  const calls: CallFinished[] = [];
  const eventsOf = (name: string): EventsV1 => ({
    delivery: { intervalMs: 1 },
    onBeforeCall: ({ group }) => void told.push([name, 'before', group]),
    onAfterCall: ({ status }) => void told.push([name, 'after', status]),
    onSuccess: (batch) => batch.forEach((one) => (calls.push(one), told.push([name, 'success', one.status]))),
    onFailure: (batch) => batch.forEach((one) => (calls.push(one), told.push([name, 'failure', one.status]))),
    onAlert: (alerts) => alerts.forEach(({ kind, event }) => told.push([name, kind, event])),
  });
  const all = new Set(Object.values(names).flat());
  const listeners = Object.fromEntries([...all].map((name) => [name, eventsOf(name)]));
  const { callbacks, lost } = callbacksFor(listeners, { settings: names, ...changes });
  return { callbacks, told, calls, lost, eventsOf };
};

describe('callbacks', () => {
  it.each<[string, Parameters<typeof listening>[0], string[]]>([
    ['of both hear of all', { both: ['x'] }, ['success', 'failure', 'failure']],
    ['of successes hear of those', { success: ['x'] }, ['success']],
    ['of failures hear of those, and of clients that left', { failure: ['x'] }, ['failure', 'failure']],
    [
      'of successes and failures hear of all, once',
      { success: ['x'], failure: ['x'] },
      ['success', 'failure', 'failure'],
    ],
  ])('%s', async (_title, names, expected) => {
    const { callbacks, told } = listening(names);
    callbacks.finished(call(), outcome());
    callbacks.finished(call(), FAILED);
    callbacks.finished(call(), outcome({ status: 'client_closed', statusCode: 499 }));
    await callbacks.close(1_000);
    expect(told.map(([, moment]) => moment)).toEqual(expected);
  });

  it('hear of each attempt, before and after', async () => {
    const { callbacks, told } = listening({ both: ['x'] });
    const exchange = call();
    const attempt = anAttempt(exchange);
    callbacks.attemptBegins(attempt);
    attempt.status = 'failure';
    callbacks.attemptEnded(attempt);
    callbacks.finished(exchange, FAILED);
    await callbacks.close(1_000);
    expect(told).toEqual([
      ['x', 'before', 'g'],
      ['x', 'after', 'failure'],
      ['x', 'failure', 'failure'],
    ]);
  });

  it('hear of what happens to the gateway', async () => {
    const { callbacks, told } = listening({ both: ['x'] });
    callbacks.alert({ kind: 'state', event: 'began', state: 'ledger_away', message: 'It is away.', at: 0 });
    await callbacks.close(1_000);
    expect(told).toEqual([['x', 'state', 'began']]);
  });

  it('of alerts hear of those, and of attempts, but of no finished call', async () => {
    const { callbacks, told } = listening({ alerts: ['x'] });
    const exchange = call();
    callbacks.alert({ kind: 'state', event: 'began', state: 'ledger_away', message: 'It is away.', at: 0 });
    callbacks.attemptEnded(anAttempt(exchange));
    callbacks.finished(exchange, FAILED);
    await callbacks.close(1_000);
    expect(told.map(([, moment]) => moment)).toEqual(['after', 'state']);
  });

  it('hear chunks, in order, where they ask for them', async () => {
    const heard: string[] = [];
    const { callbacks } = callbacksFor({ x: { onStreamEvent: ({ chunk }) => void heard.push(chunk.type) } });
    const hear = callbacks.chunkListener(call({ isStream: true }));
    hear?.({ type: 'text-delta', choice: 0, text: 'Hi' });
    hear?.({ type: 'finish', choice: 0, reason: 'stop' });
    await callbacks.close(1_000);
    expect(heard).toEqual(['text-delta', 'finish']);
  });

  it('keep no chunks and no answers where nobody wants them', () => {
    const { callbacks } = callbacksFor({});
    expect(callbacks.chunkListener(call({ isStream: true }))).toBeUndefined();
    expect(callbacks.keepsAnswer(call({ isStream: true }))).toBe(false);
  });

  it.each<[string, Partial<Exchange>, Record<string, string>, boolean]>([
    ['asks for no log', { body: { 'no-log': true } }, {}, false],
    ['names it as unwanted', {}, { 'x-litellm-disable-callbacks': 'other, X' }, false],
    ['names another as unwanted', {}, { 'x-litellm-disable-callbacks': 'other' }, true],
  ])('that a client %s', async (_title, filled, headers, isTold) => {
    const { callbacks, told } = listening({ both: ['x'] });
    callbacks.finished(call(filled, headers), outcome());
    await callbacks.close(1_000);
    expect(told.length > 0).toBe(isTold);
  });

  it('cannot be kept from it by clients where the operator says so', async () => {
    const { callbacks, told } = listening({ both: ['x'] }, { isCompulsory: true });
    callbacks.finished(call({ body: { 'no-log': true } }, { 'x-litellm-disable-callbacks': 'x' }), outcome());
    await callbacks.close(1_000);
    expect(told).toHaveLength(1);
  });

  it('that a key has switched off are not told of its calls', async () => {
    const { callbacks, told } = listening({ both: ['x', 'y'] });
    callbacks.finished(callOf({ disabledCallbacks: ['x'] }), outcome());
    await callbacks.close(1_000);
    expect(told.map(([name]) => name)).toEqual(['y']);
  });

  it.each<[string, Partial<Terms>, Record<string, string>, boolean]>([
    ['see what was said', {}, {}, true],
    ['see nothing of what was said where the key says so', { turnOffMessageLogging: true }, {}, false],
    ['see nothing of it where the client says so', {}, { 'x-litellm-enable-message-redaction': 'true' }, false],
  ])('%s', async (_title, terms, headers, isSeen) => {
    const { callbacks, calls } = listening({ both: ['x'] });
    const answer = { kind: 'whole' as const, body: Buffer.from('{"id":"1"}'), usage: undefined, headers: {} };
    const principal = { keyHash: 'h', terms: terms as Terms } as Principal;
    callbacks.finished(call({ principal, answer, body: { temperature: 1, messages: [] } }, headers), outcome());
    await callbacks.close(1_000);
    expect(calls[0]?.parameters).toEqual({ temperature: 1 });
    expect([calls[0]?.request !== undefined, calls[0]?.response !== undefined]).toEqual([isSeen, isSeen]);
  });

  const saying = (content: string) => [{ role: 'user', content }];

  it('see what guardrails for logs leave of it, and only when the call is over', async () => {
    const early: unknown[] = [];
    const calls: CallFinished[] = [];
    const { callbacks } = callbacksFor({
      x: {
        delivery: { intervalMs: 1 },
        onBeforeCall: ({ call: { request } }) => void early.push(request),
        onStreamEvent: ({ chunk }) => void early.push(chunk),
        onSuccess: (batch) => void calls.push(...batch),
      },
    });
    const hide: GuardrailV1['preCall'] = {
      check: (request) =>
        Promise.resolve({ action: 'replace', value: changeRequestTexts(request, () => '***'), masked: { WORD: 1 } }),
    };
    const guardrails = new Guardrails({ guardrails: [], deployments: [] }, { get: () => undefined } as never, {
      log: { error: () => undefined },
      areRunsKept: () => true,
    });
    const logging = [
      {
        settings: { name: 'hide' } as ActiveGuardrail['settings'],
        instance: anInstance<'guardrail/v1'>('guardrail.x', { preCall: hide }, 'closed'),
      },
    ];
    const exchange = anExchange(
      {
        callId: 'call-1',
        body: { model: 'm', messages: saying('a secret') },
        isStream: true,
        guardrails: { ...aSelection(), logging },
      },
      { front: chatFront, snapshot: { guardrails } },
    );
    callbacks.attemptBegins(anAttempt(exchange));
    expect(callbacks.chunkListener(exchange)).toBeUndefined();
    callbacks.finished(exchange, outcome());
    await callbacks.close(1_000);
    expect([early, calls[0]?.request]).toEqual([[undefined], { model: 'm', messages: saying('***') }]);
    expect(calls[0]?.guardrails).toMatchObject([{ name: 'hide', mode: 'logging_only', masked: { WORD: 1 } }]);
  });

  it.each([
    [true, false],
    [false, true],
  ])('see the words of a call that guardrails never saw unless some look at logs: %s', async (haveLogs, isSeen) => {
    const { callbacks, calls } = listening({ both: ['x'] });
    const body = { model: 'm', messages: saying('a secret') };
    callbacks.finished(anExchange({ body }, { snapshot: { guardrails: { haveLogs } } }), FAILED);
    await callbacks.close(1_000);
    expect(calls[0]?.request !== undefined).toBe(isSeen);
  });

  describe('of which one is not told what was said', () => {
    const answer = { kind: 'whole' as const, body: Buffer.from('{"id":"1"}'), usage: undefined, headers: {} };
    const said = { answer, body: { temperature: 1, messages: ['secret'] } };

    it('leave it out for that one alone, and for its queue', async () => {
      const heard: Record<string, CallFinished> = {};
      const attempts: Record<string, unknown> = {};
      const eventsOf = (name: string): EventsV1 => ({
        onSuccess: ([one]) => void (heard[name] = one!),
        onBeforeCall: ({ call: { request } }) => void (attempts[name] = request),
      });
      const { callbacks } = callbacksFor(
        { open: eventsOf('open'), closed: eventsOf('closed') },
        { settings: { both: ['closed', 'open'], withoutContent: ['closed'] } },
      );
      const exchange = call(said);
      callbacks.attemptBegins(anAttempt(exchange));
      callbacks.finished(exchange, outcome());
      expect([...callbacks.depths()].map(({ name, bytes }) => [name, bytes > 0])).toEqual([
        ['closed', false],
        ['open', true],
      ]);
      await callbacks.close(1_000);
      expect(heard['closed']).toMatchObject({ callId: 'call-1', parameters: { temperature: 1 } });
      expect([heard['closed']?.request, heard['closed']?.response, attempts['closed']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect([heard['open']?.request, heard['open']?.response]).toEqual([said.body, { id: '1' }]);
      expect(attempts['open']).toEqual(said.body);
    });

    it('keep no answer and no chunks for it', () => {
      const { callbacks } = callbacksFor(
        { closed: { onSuccess: () => {}, onStreamEvent: () => {} } },
        { settings: { both: ['closed'], withoutContent: ['closed'] } },
      );
      const exchange = call({ ...said, isStream: true });
      expect(callbacks.keepsAnswer(exchange)).toBe(false);
      expect(callbacks.chunkListener(exchange)).toBeUndefined();
    });
  });

  it('hear no chunks of what they may not be told', () => {
    const { callbacks } = callbacksFor({ x: { onStreamEvent: () => {} } }, { turnOffMessageLogging: true });
    expect(callbacks.chunkListener(call({ isStream: true }))).toBeUndefined();
  });

  it('that fail are counted, and are in nobody’s way', async () => {
    const { callbacks, lost } = callbacksFor({
      x: { onSuccess: () => Promise.reject(new Error('away')), delivery: { intervalMs: 1 } },
    });
    callbacks.finished(call(), outcome());
    await callbacks.close(1_000);
    expect(lost).toEqual({ x: 1 });
  });
});

describe('callbacks of a key', () => {
  const own = (changes = {}): Partial<Terms> => ({
    callbacks: [{ name: 'x', onSuccess: true, onFailure: false, variables: { public_key: 'of the key' }, ...changes }],
  });

  /** Opens callbacks that write down with which settings they were told what. */
  const opening = () => {
    const opened: unknown[] = [];
    const heard: [unknown, string][] = [];
    let stopped = 0;
    const open = (name: string, variables: unknown) => {
      opened.push([name, variables]);
      return Promise.resolve({
        events: { onSuccess: (batch: readonly CallFinished[]) => void heard.push([variables, batch[0]!.status]) },
        hooks: {
          isResting: false,
          run: async <T>(_: string, __: number, body: (s: AbortSignal) => T | Promise<T>) =>
            body(AbortSignal.timeout(1_000)),
        },
        stop: () => Promise.resolve(void (stopped += 1)),
      });
    };
    return { open, opened, heard, stopped: () => stopped };
  };

  it('are opened once for all its calls, and stopped in the end', async () => {
    const { open, opened, heard, stopped } = opening();
    const { callbacks } = callbacksFor({}, { open });
    const terms = own();
    callbacks.finished(callOf(terms), outcome());
    callbacks.finished(callOf(terms), outcome());
    callbacks.finished(callOf(own()), outcome());
    await callbacks.close(1_000);
    expect(opened).toEqual([['x', { public_key: 'of the key' }]]);
    expect(heard).toEqual([[{ public_key: 'of the key' }, 'success']]);
    expect(stopped()).toBe(1);
  });

  it('take the place of the common one of that name, for what they hear', async () => {
    const { open, heard } = opening();
    const { callbacks, told } = listening({ both: ['x', 'y'] }, { open });
    callbacks.finished(callOf(own()), outcome());
    callbacks.finished(callOf(own()), FAILED);
    await callbacks.close(1_000);
    expect(told.sort()).toEqual([
      ['x', 'failure', 'failure'],
      ['y', 'failure', 'failure'],
      ['y', 'success', 'success'],
    ]);
    expect(heard).toHaveLength(1);
  });

  it('are lost, and nobody minds, where they cannot be opened', async () => {
    const { callbacks, lost } = callbacksFor({});
    callbacks.finished(callOf(own()), outcome());
    await callbacks.close(1_000);
    expect(lost).toEqual({ x: 1 });
  });

  it('are closed when too many others were opened since, and open again when they are needed', async () => {
    const { open, opened, stopped } = opening();
    const { callbacks } = callbacksFor({}, { open });
    const first = own();
    callbacks.finished(callOf(first), outcome());
    for (let index = 0; index < 200; index += 1) callbacks.finished(callOf(own({ variables: { index } })), outcome());
    await until(() => stopped() === 1);
    callbacks.finished(callOf(first), outcome());
    await callbacks.close(1_000);
    expect(opened).toHaveLength(202);
    expect(opened.at(-1)).toEqual(opened[0]);
  });
});
