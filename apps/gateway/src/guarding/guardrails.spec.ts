import type { GuardrailSettings } from '@turnpike/config';
import type { ChatRequest, ChatResponse } from '@turnpike/domain';
import type { GuardrailContext, GuardrailRun, GuardrailV1 } from '@turnpike/plugin-sdk';
import { aChatRequestSaying, aChatResponseSaying } from '@turnpike/plugin-testkit';
import { describe, expect, it, jest } from '@jest/globals';
import { aFront, aGraph, anExchange, anInstance } from '../../test/doubles.js';
import type { Admitted, ExchangeInput } from '../pipeline/exchange.js';
import type { OperationName } from '../routes/front.js';
import { Guardrails, type GuardrailsOptions } from './guardrails.js';
import { NO_GUARDRAILS, type Selection } from './selection.js';
import type { StreamGuards } from './stream-guards.js';

interface Given extends Partial<Omit<GuardrailSettings, 'modes'>> {
  name: string;
  guardrail: GuardrailV1;
  modes?: string[];
  byTag?: Record<string, string[]>;
  /** What its plugin says. */
  failure?: 'open' | 'closed';
}

const ableTo = ({ preCall, duringCall, postCall }: GuardrailV1): string[] => [
  ...(preCall ? ['pre_call'] : []),
  ...(duringCall ? ['during_call'] : []),
  ...(postCall ? ['post_call'] : []),
];

/** On by default, in the modes that the plugin has something for, unless the test says otherwise. */
const some = (given: readonly Given[], options: Partial<GuardrailsOptions> = {}): Guardrails => {
  const settings = given.map(({ guardrail, modes, byTag = {}, failure: _failure, ...more }): GuardrailSettings => ({
    plugin: 'guardrail.x',
    kind: 'x',
    modes: { default: modes ?? ableTo(guardrail), byTag },
    defaultOn: true,
    onFailure: undefined,
    timeoutMs: undefined,
    info: undefined,
    settings: {},
    ...more,
  }));
  const instances = given.map(({ guardrail, failure = 'closed' }, index) => [
    `guardrail ${index}`,
    anInstance<'guardrail/v1'>('guardrail.x', guardrail, failure),
  ]);
  const graph = aGraph(Object.fromEntries(instances) as object as Record<string, unknown>);
  return new Guardrails({ guardrails: settings, deployments: [] }, graph, {
    log: { error: () => undefined },
    ...options,
  });
};

const principal = { isAdmin: false, keyHash: 'h', keyAlias: 'a', teamId: 't', userId: 'u' };

const asked = (text = 'Hello', filled: Partial<Admitted> = {}, input: Partial<ExchangeInput> = {}): Admitted =>
  anExchange<Admitted>(
    { body: {}, callId: 'call-1', model: 'm', principal, ...filled },
    { front: aFront({ toDomain: () => aChatRequestSaying(text) }), ...input },
  );

const selected = (guardrails: Guardrails, exchange: Admitted): Selection =>
  (exchange.guardrails = guardrails.select(exchange));
const before = async (guardrails: Guardrails, exchange: Admitted): Promise<Admitted> => {
  await guardrails.before(exchange, selected(guardrails, exchange));
  return exchange;
};
const beside = (guardrails: Guardrails, exchange: Admitted): Promise<void> =>
  guardrails.beside(exchange, selected(guardrails, exchange));
const after = (guardrails: Guardrails, answer: unknown, exchange = asked()): Promise<unknown> => {
  selected(guardrails, exchange);
  return guardrails.after(exchange, answer);
};

const textOf = (request: unknown): string =>
  (request as ChatRequest).messages
    .flatMap(({ content }) => content.map((part) => ('text' in part ? part.text : '')))
    .join('');
const answerOf = (response: unknown): string =>
  (response as ChatResponse).choices
    .flatMap(({ content }) => content.map((part) => ('text' in part ? part.text : '')))
    .join('');

/** Puts a mark behind what it is given. */
const marks = (mark: string): GuardrailV1 => ({
  preCall: {
    check: async (request) => ({ action: 'replace', value: aChatRequestSaying(textOf(request) + mark) }),
  },
  postCall: {
    check: async (response) => ({ action: 'replace', value: aChatResponseSaying(answerOf(response) + mark) }),
  },
});
const passes: GuardrailV1 = {
  preCall: { check: async () => ({ action: 'pass' }) },
  duringCall: { check: async () => ({ action: 'pass' }) },
  postCall: { check: async () => ({ action: 'pass' }) },
};
const block = async () => ({ action: 'block', message: 'no dragons' }) as const;
const blocks: GuardrailV1 = { preCall: { check: block }, duringCall: { check: block }, postCall: { check: block } };
const failing = (error: Error): GuardrailV1 => ({
  preCall: { check: () => Promise.reject(error) },
  duringCall: { check: () => Promise.reject(error) },
  postCall: { check: () => Promise.reject(error) },
});
const fails = failing(new Error('broken'));
const isAway = failing(Object.assign(new Error('away'), { isUnreachable: true }));

const fault = (code: string, message: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('the guardrails that a configuration has', () => {
  it.each<[string, Omit<Given, 'name'>, string]>([
    [
      'a mode that the plugin has nothing for',
      { guardrail: { preCall: passes.preCall! }, modes: ['pre_call', 'post_call'] },
      'guardrail.x does not check there. Take pre_call or logging_only.',
    ],
    [
      'a mode of a tag that the plugin has nothing for',
      { guardrail: { duringCall: passes.duringCall! }, modes: ['during_call'], byTag: { a: ['logging_only'] } },
      'guardrail.x does not check there. Take during_call.',
    ],
    [
      'a mode that is not run',
      { guardrail: passes, modes: ['pre_mcp_call'] },
      'this version does not run it. Take pre_call or during_call or post_call or logging_only.',
    ],
  ])('do not start with %s: it would protect nobody', (_title, given, message) => {
    const start = (): unknown => some([{ name: 'g', ...given }]);
    expect(start).toThrow(expect.objectContaining({ code: 'GW_CONFIG_INVALID' }));
    expect(start).toThrow(message);
  });

  it('are installed', () => {
    const settings = [{ name: 'g', modes: { default: ['pre_call'], byTag: {} } }] as unknown as GuardrailSettings[];
    expect(
      new Guardrails({ guardrails: settings, deployments: [] }, aGraph({}), { log: { error: () => undefined } }).named(
        'g',
      ),
    ).toBeUndefined();
  });
});

describe('before the call', () => {
  it('each sees what the former made of the request', async () => {
    const guardrails = some([
      { name: 'one', guardrail: marks('b') },
      { name: 'two', guardrail: marks('c') },
    ]);
    const exchange = await before(guardrails, asked('a'));
    expect([textOf(exchange.request), exchange.isRewritten]).toEqual(['abc', true]);
  });

  it('a request that passes stays the same bytes', async () => {
    expect((await before(some([{ name: 'one', guardrail: passes }]), asked())).isRewritten).toBe(false);
  });

  it('one that blocks ends the call, by its name, and the next is not asked', async () => {
    const check = jest.fn(passes.preCall!.check);
    const guardrails = some([
      { name: 'words', guardrail: blocks },
      { name: 'next', guardrail: { preCall: { check } } },
    ]);
    await expect(before(guardrails, asked())).rejects.toEqual(
      fault('GW_GUARDRAIL_BLOCKED', "Stopped by the guardrail 'words': no dragons"),
    );
    expect(check).not.toHaveBeenCalled();
  });

  it('sees what the client puts over its own body', async () => {
    const check = jest.fn(passes.preCall!.check);
    const body = { messages: 'harmless', extra_body: { messages: 'harmful' } };
    const front = aFront({ toDomain: (given) => given });
    await before(some([{ name: 'g', guardrail: { preCall: { check } } }]), asked('', { body }, { front }));
    expect(check.mock.calls[0]![0]).toMatchObject({ messages: 'harmful' });
  });
});

describe('what a guardrail is told', () => {
  const toldOf = async (exchange: Admitted, mode = 'pre_call'): Promise<GuardrailContext> => {
    const listens = jest.fn(passes.preCall!.check);
    await before(some([{ name: 'g', guardrail: { preCall: { check: listens } }, modes: [mode] }]), exchange);
    return listens.mock.calls[0]![1];
  };

  it('is who calls, with what, for whom', async () => {
    const context = await toldOf(
      asked(
        '',
        { body: { metadata: { a: 1, user_api_key_alias: 'forged' } }, customer: 'jane', isStream: true },
        { headers: { 'x-request-id': 'r', authorization: 'Bearer sk-secret', 'x-api-key': 'sk-secret' } },
      ),
    );
    const { callId, guardrail, mode, operation, route, model, stream, keyHash, keyAlias, teamId, userId } = context;
    expect({ callId, guardrail, mode, operation, route, model, stream, keyHash, keyAlias, teamId, userId }).toEqual({
      callId: 'call-1',
      guardrail: 'g',
      mode: 'pre_call',
      operation: 'chat',
      route: '/v1/chat/completions',
      model: 'm',
      stream: true,
      keyHash: 'h',
      keyAlias: 'a',
      teamId: 't',
      userId: 'u',
    });
    expect([context.endUser, context.metadata, context.signal]).toEqual(['jane', { a: 1 }, expect.any(AbortSignal)]);
    expect(['x-request-id', 'authorization', 'x-api-key', 'x-none'].map((name) => context.header(name))).toEqual([
      'r',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is the metadata itself, where it holds nothing internal', async () => {
    const metadata = { a: 1 };
    expect((await toldOf(asked('', { body: { metadata } }))).metadata).toBe(metadata);
    expect((await toldOf(asked())).metadata).toEqual({});
  });

  it('is what the client says to it', async () => {
    const body = { guardrails: [{ g: { extra_body: { level: 3 } } }] };
    expect((await toldOf(asked('', { body }))).parameters).toEqual({ level: 3 });
    expect((await toldOf(asked('', { body: { guardrails: ['g'] } }))).parameters).toEqual({});
  });

  it('is what it kept of this call, and of no other, nor another guardrail', async () => {
    const seen: unknown[] = [];
    const keeping: GuardrailV1 = {
      preCall: {
        check: async (_request, { memory, guardrail }) => {
          seen.push(memory.kept);
          memory.kept = guardrail;
          return { action: 'pass' };
        },
      },
      postCall: {
        check: async (_response, _request, { memory }) => {
          seen.push(memory.kept);
          return { action: 'pass' };
        },
      },
    };
    const guardrails = some([
      { name: 'one', guardrail: keeping },
      { name: 'two', guardrail: keeping },
    ]);
    const exchange = await before(guardrails, asked());
    await guardrails.after(exchange, aChatResponseSaying('a'));
    await before(guardrails, asked());
    expect(seen).toEqual([undefined, undefined, 'one', 'two', undefined, undefined]);
  });
});

describe('beside the call', () => {
  it('all are asked at once, with what those before made of the request', async () => {
    const asking: string[] = [];
    const all = Promise.withResolvers<void>();
    const waiting = (name: string): Given => ({
      name,
      guardrail: {
        duringCall: {
          check: async (request) => {
            if (asking.push(textOf(request)) === 2) all.resolve();
            await all.promise;
            return { action: 'pass' };
          },
        },
      },
    });
    const guardrails = some([
      { name: 'first', guardrail: marks('!'), modes: ['pre_call'] },
      waiting('a'),
      waiting('b'),
    ]);
    await guardrails.beside(await before(guardrails, asked('Hi')), guardrails.select(asked()));
    expect(asking).toEqual(['Hi!', 'Hi!']);
  });

  it('one that blocks stops the call', async () => {
    const guardrails = some([{ name: 'words', guardrail: { duringCall: blocks.duringCall! } }]);
    await expect(beside(guardrails, asked())).rejects.toEqual(fault('GW_GUARDRAIL_BLOCKED', "'words'"));
  });
});

describe('after the call', () => {
  it('each sees what the former made of the answer', async () => {
    const guardrails = some([
      { name: 'one', guardrail: marks('b') },
      { name: 'two', guardrail: marks('c') },
    ]);
    expect(answerOf(await after(guardrails, aChatResponseSaying('a')))).toBe('abc');
  });

  it('an answer that passes stays the same', async () => {
    const answer = aChatResponseSaying('a');
    expect(await after(some([{ name: 'g', guardrail: passes }]), answer)).toBe(answer);
  });

  it('one that blocks keeps the answer', async () => {
    const guardrails = some([{ name: 'words', guardrail: blocks }]);
    await expect(after(guardrails, aChatResponseSaying('a'))).rejects.toEqual(fault('GW_GUARDRAIL_BLOCKED', "'words'"));
  });
});

describe('a call that is no chat', () => {
  const completion = { model: 'm', stream: false, includeUsage: false, extras: {}, echo: false };
  const of = (operation: OperationName, request: object): Admitted =>
    asked('', {}, { front: aFront({ operation, toDomain: () => request }) });
  const guardrails = some([{ name: 'g', guardrail: marks('!') }]);

  it.each<[string, OperationName, object, object]>([
    ['a prompt', 'completions', { ...completion, prompt: 'Once' }, { ...completion, prompt: 'Once!' }],
    ['a list of one prompt', 'completions', { ...completion, prompt: ['Once'] }, { ...completion, prompt: ['Once!'] }],
    [
      'a text to embed',
      'embeddings',
      { model: 'm', input: ['a'], extras: {} },
      { model: 'm', input: ['a!'], extras: {} },
    ],
  ])('is shown as a chat, and taken back as what it was: %s', async (_title, operation, request, expected) => {
    expect((await before(guardrails, of(operation, request))).request).toEqual(expected);
  });

  it.each<[OperationName, object]>([
    ['completions', { ...completion, prompt: ['a', 'b'] }],
    ['embeddings', { model: 'm', input: ['a', 'b'], extras: {} }],
  ])('with several texts in %s cannot lose one of them', async (operation, request) => {
    await expect(before(guardrails, of(operation, request))).rejects.toEqual(fault('GW_PLUGIN_HOOK', '1 texts of 2'));
  });

  it.each<[OperationName, object, string]>([
    ['completions', { ...completion, prompt: [1, 2] }, "'prompt'"],
    ['embeddings', { model: 'm', input: [[1, 2]], extras: {} }, "'input'"],
  ])('in token ids cannot be read, so it is refused: %s', async (operation, request, field) => {
    await expect(before(guardrails, of(operation, request))).rejects.toEqual(fault('GW_INVALID_REQUEST', field));
  });

  it('has its text checked in the answer', async () => {
    const answer = { id: 'i', model: 'm', created: 1, choices: [{ index: 0, text: 'upon', finishReason: 'stop' }] };
    const checked = await after(guardrails, answer, of('completions', { ...completion, prompt: 'Once' }));
    expect(checked).toEqual({ ...answer, choices: [{ index: 0, text: 'upon!', finishReason: 'stop' }] });
  });

  it('that is answered in numbers has no words to check', async () => {
    const answer = { model: 'm', vectors: [[1]] };
    const never = some([{ name: 'g', guardrail: blocks }]);
    expect(await after(never, answer, of('embeddings', { model: 'm', input: [[1]], extras: {} }))).toBe(answer);
  });
});

describe('a guardrail that fails', () => {
  const hangs: GuardrailV1 = { preCall: { check: () => new Promise(() => undefined) } };

  it.each<[string, Partial<Given> & { guardrail: GuardrailV1 }, boolean]>([
    ['stops the call by default', { guardrail: fails }, true],
    ['is passed over where its plugin says so', { guardrail: fails, failure: 'open' }, false],
    ['is passed over where the configuration says so', { guardrail: fails, onFailure: 'open' }, false],
    ['stops the call, whatever its plugin says', { guardrail: fails, failure: 'open', onFailure: 'closed' }, true],
    ['stops the call though another fault would not', { guardrail: fails, onFailure: 'open-when-unreachable' }, true],
    ['is passed over while its service is away', { guardrail: isAway, onFailure: 'open-when-unreachable' }, false],
    ['stops the call while its service is away, by default', { guardrail: isAway }, true],
    [
      'is passed over when it takes too long to be there',
      { guardrail: hangs, onFailure: 'open-when-unreachable', timeoutMs: 20 },
      false,
    ],
    ['stops the call when it takes too long', { guardrail: hangs, timeoutMs: 20 }, true],
  ])('%s', async (_title, given, isStopped) => {
    const error = jest.fn();
    const guardrails = some(
      [
        { name: 'g', ...given },
        { name: 'h', guardrail: marks('b'), modes: ['pre_call'] },
      ],
      {
        log: { error },
      },
    );
    const exchange = asked('a');
    if (isStopped) return expect(before(guardrails, exchange)).rejects.toEqual(fault('GW_PLUGIN_HOOK', 'guardrail.x'));
    await before(guardrails, exchange);
    expect(textOf(exchange.request)).toBe('ab');
    expect(error).toHaveBeenCalledWith(expect.any(String), { callId: 'call-1', guardrail: 'g', mode: 'pre_call' });
  });

  it('is asked again by the next call, however often it failed', async () => {
    const check = jest.fn(() => Promise.reject(new Error('broken')));
    const guardrails = some([{ name: 'g', guardrail: { preCall: { check } }, onFailure: 'open' }]);
    for (let times = 0; times < 3; times += 1) await before(guardrails, asked());
    expect(check).toHaveBeenCalledTimes(3);
  });
});

describe('a stream', () => {
  const upper: GuardrailV1['postCall'] = {
    check: async () => ({ action: 'pass' }),
    stream: () => ({
      push: (chunk) => ('text' in chunk ? [{ ...chunk, text: chunk.text.toUpperCase() }] : [chunk]),
      end: () => [{ type: 'text-delta', choice: 0, text: '.' }],
    }),
  };
  const starred: GuardrailV1['postCall'] = {
    check: async () => ({ action: 'pass' }),
    stream: () => ({
      push: (chunk) => ('text' in chunk ? [chunk, { ...chunk, text: '*' }] : [chunk]),
      end: () => [],
      masked: { STAR: 1 },
    }),
  };
  const opened = (guardrails: Guardrails): StreamGuards | 'whole' | 'pass' => {
    const exchange = asked();
    return guardrails.alongStream(exchange, selected(guardrails, exchange));
  };
  const along = (guardrails: Guardrails): StreamGuards => opened(guardrails) as StreamGuards;
  const text = (said: string) => ({ type: 'text-delta', choice: 0, text: said }) as const;

  it('passes one after the other, to its end', () => {
    const runs: GuardrailRun[] = [];
    const guardrails = some(
      [
        { name: 'one', guardrail: { postCall: upper } },
        { name: 'two', guardrail: { postCall: starred } },
      ],
      { onRun: (run) => runs.push(run) },
    );
    const guards = along(guardrails);
    expect(guards.push(text('a'))).toEqual([text('A'), text('*')]);
    expect(runs).toEqual([]);
    expect(guards.end()).toEqual([text('.'), text('*')]);
    guards.leave();
    expect(runs).toMatchObject([
      { name: 'one', mode: 'post_call', status: 'success', ms: expect.any(Number) },
      { name: 'two', status: 'success', masked: { STAR: 1 } },
    ]);
  });

  it.each<[string, GuardrailV1['postCall']]>([
    ['cannot', passes.postCall],
    ['does not want to for this call', { check: passes.postCall!.check, stream: () => undefined }],
  ])('is waited for as a whole where one of them %s', (_why, postCall) => {
    const guardrails = some([
      { name: 'one', guardrail: { postCall: upper } },
      { name: 'two', guardrail: { postCall } },
    ]);
    expect(opened(guardrails)).toBe('whole');
  });

  it('passes unseen where nobody wants to see it', () => {
    const postCall = { check: passes.postCall!.check, stream: () => 'pass' as const };
    expect(opened(some([{ name: 'g', guardrail: { postCall } }]))).toBe('pass');
  });

  it('ends where one blocks', () => {
    const runs: GuardrailRun[] = [];
    const stopping: GuardrailV1['postCall'] = {
      check: async () => ({ action: 'pass' }),
      stream: () => ({ push: () => ({ action: 'block', message: 'no dragons' }), end: () => [] }),
    };
    const guardrails = some([{ name: 'words', guardrail: { postCall: stopping } }], { onRun: (run) => runs.push(run) });
    const guards = along(guardrails);
    const expected = fault('GW_GUARDRAIL_BLOCKED', "'words': no dragons");
    expect(() => guards.push(text('a'))).toThrow(expected);
    expect(guards.stoppedBy).toEqual(expected);
    guards.leave();
    expect(runs).toMatchObject([{ status: 'guardrail_intervened', message: 'no dragons' }]);
  });

  it.each(['push', 'end'] as const)(
    'ends where one fails, also an open one: only it knows what it holds (%s)',
    (step) => {
      const broken: GuardrailV1['postCall'] = {
        check: async () => ({ action: 'pass' }),
        stream: () => ({
          push: (chunk) => [chunk],
          end: () => [],
          [step]: () => {
            throw new Error('broken');
          },
        }),
      };
      const guardrails = some([{ name: 'g', guardrail: { postCall: broken }, onFailure: 'open' }]);
      const guards = along(guardrails);
      const run = (): unknown => (step === 'push' ? guards.push(text('a')) : guards.end());
      expect(run).toThrow(expect.objectContaining({ code: 'GW_PLUGIN_HOOK' }));
      expect(guards.stoppedBy).toMatchObject({ code: 'GW_PLUGIN_HOOK' });
    },
  );

  it('is not begun by one that fails, unless it is open', () => {
    const broken: GuardrailV1['postCall'] = {
      check: async () => ({ action: 'pass' }),
      stream: () => {
        throw new Error('broken');
      },
    };
    const begun = (onFailure?: 'open'): unknown =>
      opened(some([{ name: 'g', guardrail: { postCall: broken }, onFailure }]));
    expect(() => begun()).toThrow(expect.objectContaining({ code: 'GW_PLUGIN_HOOK' }));
    expect(begun('open')).toBe('pass');
  });
});

describe('looks', () => {
  const masking: GuardrailV1 = {
    preCall: { check: async (request) => ({ action: 'replace', value: request, masked: { EMAIL: 2 } }) },
  };

  it.each<[string, GuardrailV1, Partial<GuardrailRun>]>([
    ['that pass', passes, { status: 'success' }],
    ['that mask', masking, { status: 'success', masked: { EMAIL: 2 } }],
    ['that block', blocks, { status: 'guardrail_intervened', message: 'no dragons' }],
    ['that fail', fails, { status: 'guardrail_failed_to_respond', error: 'GW_PLUGIN_HOOK' }],
  ])('%s are told', async (_what, guardrail, expected) => {
    const onRun = jest.fn();
    const guardrails = some([{ name: 'g', guardrail, modes: ['pre_call'] }], { onRun, areRunsKept: () => true });
    const exchange = asked();
    await before(guardrails, exchange).catch(() => undefined);
    const run = {
      name: 'g',
      plugin: 'guardrail.x',
      mode: 'pre_call',
      startedAt: expect.any(Number),
      ms: expect.any(Number),
      ...expected,
    };
    expect(onRun.mock.calls).toEqual([[run]]);
    expect(exchange.guardrailRuns).toEqual([run]);
  });

  it('are not kept where nobody asks for them', async () => {
    expect((await before(some([{ name: 'g', guardrail: passes }]), asked())).guardrailRuns).toBeUndefined();
  });
});

it('nobody looks where none is selected', () => {
  const guardrails = some([{ name: 'g', guardrail: passes, defaultOn: false }]);
  expect(guardrails.select(asked())).toBe(NO_GUARDRAILS);
});
