import { GatewayError, upstreamError, type ChatChunk, type Emit, type StreamDecoder } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { failuresOf } from '../check.js';
import { providerSubject, type ProviderChanges } from '../samples/sample-provider.js';
import { providerChecks, providerConformance } from './conformance.js';

providerConformance(providerSubject());

/** Ids of the checks that fail, of those that `only` matches. */
const failing = async (changes: ProviderChanges, only: RegExp): Promise<string[]> =>
  Object.keys(await failuresOf(providerChecks(providerSubject(changes)).filter(({ id }) => only.test(id))));

/** A decoder that passes everything on to the good one, but for what `change` does to it. */
const decoding =
  (change: (good: StreamDecoder, emit: Emit<ChatChunk>) => Partial<StreamDecoder>): ProviderChanges['chat'] =>
  (good) => ({
    decoder: (call, emit) => {
      const decoder = good.decoder!(call, emit);
      return {
        push: (bytes) => decoder.push(bytes),
        end: () => decoder.end(),
        ...change(decoder, emit),
      };
    },
  });

/** Emits what `change` makes of each chunk. */
const emitting =
  (change: (chunk: ChatChunk) => ChatChunk[]): ProviderChanges['chat'] =>
  (good) => ({ decoder: (call, emit) => good.decoder!(call, (chunk) => change(chunk).forEach(emit)) });

interface Broken extends ProviderChanges {
  name: string;
  /** Which checks to run; all of a case or operation. */
  run: RegExp;
  fails: string[];
}

const BROKEN: Broken[] = [
  {
    name: 'sends a field the fixture lacks',
    chat: (good) => ({ toBody: (request, call) => ({ ...good.toBody(request, call), seed: 1 }) }),
    run: /^basic\/(body|raw-body|pure)$/,
    fails: ['basic/body'],
  },
  {
    name: 'edits the body of a client that speaks its dialect',
    chat: () => ({ adapt: () => ({ set: { store: false } }) }),
    run: /^basic\/(body|raw-body)$/,
    fails: ['basic/body', 'basic/raw-body'],
  },
  {
    name: 'changes the request it translates',
    chat: (good) => ({
      toBody: (request, call) => {
        request.model = call.model;
        return good.toBody(request, call);
      },
    }),
    run: /^basic\/(body|pure)$/,
    fails: ['basic/pure'],
  },
  {
    name: 'translates the same request in two ways',
    chat: (good) => {
      let count = 0;
      return { toBody: (request, call) => ({ ...good.toBody(request, call), user: `${(count += 1)}` }) };
    },
    run: /^basic\/pure$/,
    fails: ['basic/pure'],
  },
  {
    name: 'puts the secret into the address',
    chat: (good, { api_key }) => ({
      endpoint: (call) => ({ ...good.endpoint(call), url: `https://sample.invalid/v1/chat?key=${api_key}` }),
    }),
    run: /^(basic|chat)\/endpoint$/,
    fails: ['basic/endpoint', 'chat/endpoint'],
  },
  {
    name: 'writes header names in capitals',
    chat: (good) => ({
      endpoint: (call) => ({ ...good.endpoint(call), headers: { Authorization: 'Bearer x' } }),
    }),
    run: /^chat\/endpoint$/,
    fails: ['chat/endpoint'],
  },
  {
    name: 'names a relative address',
    chat: () => ({ endpoint: () => ({ url: '/v1/chat/completions', headers: {} }) }),
    run: /^chat\/endpoint$/,
    fails: ['chat/endpoint'],
  },
  {
    name: 'forgets a header',
    chat: (good) => ({ endpoint: (call) => ({ ...good.endpoint(call), headers: {} }) }),
    run: /^(basic|chat)\/endpoint$/,
    fails: ['basic/endpoint'],
  },
  {
    name: 'lets a parameter through that the upstream lacks',
    chat: () => ({ adapt: undefined }),
    run: /^logit-bias\//,
    fails: ['logit-bias/refused'],
  },
  {
    name: 'refuses with another code',
    chat: () => ({
      adapt: () => {
        throw new GatewayError('GW_INVALID_REQUEST', 'no', { param: 'logit_bias' });
      },
    }),
    run: /^logit-bias\//,
    fails: ['logit-bias/refused'],
  },
  {
    name: 'drops a parameter without telling',
    chat: (good) => ({
      adapt: (body, call) => (call.policy.drop ? { remove: ['logit_bias'] } : good.adapt?.(body, call)),
    }),
    run: /^logit-bias\//,
    fails: ['logit-bias/refused'],
  },
  {
    name: 'reads the finish reason wrongly',
    chat: (good) => ({
      fromBody: (body, call) => {
        const answer = good.fromBody(body, call);
        return { ...answer, choices: answer.choices.map((choice) => ({ ...choice, finishReason: 'length' })) };
      },
    }),
    run: /^basic\/(answer|stream|socket-answer)$/,
    fails: ['basic/answer', 'basic/socket-answer'],
  },
  {
    name: 'takes anything for an answer',
    chat: () => ({ fromBody: () => ({ id: '', model: '', created: 0, choices: [] }) }),
    run: /^chat\/no-answer/,
    fails: ['chat/no-answer-null', 'chat/no-answer-text', 'chat/no-answer-list', 'chat/no-answer-empty'],
  },
  {
    name: 'throws a TypeError at a body that is no answer',
    chat: (good) => ({
      fromBody: (body, call) => {
        Object.keys(body as object);
        return good.fromBody(body, call);
      },
    }),
    run: /^chat\/no-answer/,
    fails: ['chat/no-answer-null'],
  },
  {
    name: 'loses a byte of each piece',
    chat: decoding((good) => ({ push: (bytes) => good.push(bytes.length > 200 ? bytes : bytes.subarray(1)) })),
    run: /^basic\/(stream|cuts|crlf|chunk-order)$/,
    fails: ['basic/cuts'],
  },
  {
    name: 'does not know CRLF',
    chat: decoding((good) => ({
      push: (bytes) => {
        if (bytes.includes(0x0d)) throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', 'a stray byte');
        good.push(bytes);
      },
    })),
    run: /^basic\/(stream|cuts|crlf)$/,
    fails: ['basic/crlf'],
  },
  {
    name: 'takes a cut stream for a whole answer',
    chat: decoding((good, emit) => ({
      end: () => {
        try {
          good.end();
        } catch {
          emit({ type: 'finish', choice: 0, reason: 'stop' });
        }
      },
    })),
    run: /^basic\/(stream|cuts|truncated)$/,
    fails: ['basic/truncated'],
  },
  {
    name: 'calls a cut stream by another name',
    chat: decoding((good) => ({
      end: () => {
        try {
          good.end();
        } catch {
          throw new GatewayError('GW_UPSTREAM_ERROR', 'it ended');
        }
      },
    })),
    run: /^(basic\/truncated|chat\/.*-stream)$/,
    fails: ['basic/truncated', 'chat/html-stream', 'chat/empty-stream'],
  },
  {
    name: 'swallows an error inside a stream',
    chat: decoding((good) => ({
      push: (bytes) => {
        try {
          good.push(bytes);
        } catch {
          // swallowed
        }
      },
      end: () => {},
    })),
    run: /^(broken-off\/stream|chat\/.*-stream)$/,
    fails: ['broken-off/stream', 'chat/html-stream', 'chat/broken-json-stream', 'chat/empty-stream'],
  },
  {
    name: 'swaps parallel tool calls',
    chat: emitting((chunk) => ['index' in chunk ? { ...chunk, index: 1 - chunk.index } : chunk]),
    run: /^tools\/(chunk-order|cuts)$/,
    fails: ['tools/chunk-order'],
  },
  {
    name: 'forgets the arguments of a call without any',
    chat: emitting((chunk) => (chunk.type === 'tool-call-delta' && chunk.arguments === '{}' ? [] : [chunk])),
    run: /^tools\/(stream|chunk-order)$/,
    fails: ['tools/stream', 'tools/chunk-order'],
  },
  {
    name: 'goes on after the finish',
    chat: emitting((chunk) =>
      chunk.type === 'finish' ? [chunk, { type: 'text-delta', choice: 0, text: '.' }] : [chunk],
    ),
    run: /^basic\/chunk-order$/,
    fails: ['basic/chunk-order'],
  },
  {
    name: 'starts twice',
    chat: emitting((chunk) => (chunk.type === 'start' ? [chunk, chunk] : [chunk])),
    run: /^basic\/(stream|chunk-order)$/,
    fails: ['basic/chunk-order'],
  },
  {
    name: 'reads other usage from the stream than from the answer',
    chat: emitting((chunk) => (chunk.type === 'usage' ? [] : [chunk])),
    run: /^basic\/(stream|answer|truncated|socket-stream)$/,
    fails: ['basic/stream', 'basic/socket-stream'],
  },
  {
    name: 'calls every failure a timeout',
    chat: () => ({
      toError: ({ status }, call) =>
        new GatewayError('GW_TIMEOUT', 'too slow', { provider: call.policy.provider, upstreamStatus: status }),
    }),
    run: /^(overloaded\/error|chat\/error-(401|408|429-retry-after))$/,
    fails: ['overloaded/error', 'chat/error-401', 'chat/error-429-retry-after'],
  },
  {
    name: 'forgets Retry-After',
    chat: () => ({ toError: (failure, call) => upstreamError({ ...failure, headers: {} }, call.policy.provider) }),
    run: /^(overloaded\/error|chat\/error-)/,
    fails: ['overloaded/error', 'chat/error-429-retry-after'],
  },
  {
    name: 'parses error bodies without care',
    chat: (good) => ({
      toError: (failure, call) => {
        JSON.parse(failure.body);
        return good.toError(failure, call);
      },
    }),
    run: /^chat\/error-/,
    fails: ['chat/error-html-page', 'chat/error-broken-json', 'chat/error-empty-body'],
  },
  {
    name: 'hands an HTML page on as the message',
    chat: () => ({
      toError: ({ status, body }, call) =>
        new GatewayError('GW_UPSTREAM_UNAVAILABLE', body || 'none', {
          provider: call.policy.provider,
          upstreamStatus: status,
        }),
    }),
    run: /^chat\/error-(html-page|empty-body)$/,
    fails: ['chat/error-html-page'],
  },
  {
    name: 'names no provider in its errors',
    chat: () => ({ toError: (failure) => upstreamError(failure, '') }),
    run: /^chat\/error-500$/,
    fails: ['chat/error-500'],
  },
  {
    name: 'cannot stream what a case streams',
    chat: () => ({ decoder: undefined }),
    run: /^(basic\/(stream|socket-abort)|coverage\/chat-)/,
    fails: ['basic/stream', 'basic/socket-abort'],
  },
  {
    name: 'lacks an operation that a case is for',
    manifest: { capabilities: ['chat', 'completions', 'models'] },
    instance: () => ({ embeddings: undefined }),
    run: /^embeddings/,
    fails: ['embeddings-basic/operation'],
  },
  {
    name: 'takes a refused list of models for an empty one',
    instance: (_settings, { http }) => ({
      models: {
        list: async (signal) => {
          await http.request({ url: 'https://sample.invalid/v1/models', signal });
          return [];
        },
      },
    }),
    run: /^models/,
    fails: ['models-list/list', 'models/refused', 'models/unavailable', 'models/html-page'],
  },
];

describe('the provider suite fails a provider that', () => {
  it.each(BROKEN)('$name', async ({ run, fails, name: _name, ...changes }) => {
    expect(await failing(changes, run)).toEqual(fails);
  });
});

describe('the provider suite asks for fixtures of', () => {
  it('everything that the capabilities promise', async () => {
    const subject = { ...providerSubject(), fixtures: new URL('../../fixtures/importable/', import.meta.url) };
    expect(() => providerChecks(subject)).toThrow("The fixture 'catches-errors.js' is not named <case>.<part>");
    const empty = { ...subject, fixtures: new URL('../../fixtures/empty/', import.meta.url) };
    const checks = providerChecks(empty).filter(({ id }) => id.startsWith('coverage/'));
    const ids = checks.map(({ id }) => id);
    expect(Object.keys(await failuresOf(checks))).toEqual(ids);
    expect(ids).toEqual([
      'coverage/error',
      'coverage/chat-body',
      'coverage/chat-answer',
      'coverage/chat-stream',
      'coverage/chat-parallel-tools',
      'coverage/completions-body',
      'coverage/completions-answer',
      'coverage/completions-stream',
      'coverage/embeddings-body',
      'coverage/embeddings-answer',
      'coverage/models-list',
    ]);
  });
});
