import type { ChatChunk } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { openAiStreamEncoder } from '@turnpike/wire';
import { describe, expect, it } from '@jest/globals';
import { aFront, anAttempt, anExchange, FakeResponse } from '../../test/doubles.js';
import type { Attempt } from '../pipeline/attempt.js';
import { ChunkStream, playAsStream, replay } from './chunk-stream.js';
import { Transcript } from './transcript.js';

const CHUNKS: ChatChunk[] = [
  { type: 'start', id: '', model: 'upstream', created: 1 },
  { type: 'text-delta', choice: 0, text: 'one' },
  { type: 'text-delta', choice: 0, text: 'two' },
  { type: 'finish', choice: 0, reason: 'stop' },
  { type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
];

const asked = (alwaysIncludeStreamUsage = false): Attempt =>
  anAttempt(
    anExchange(
      { callId: 'call-1', model: 'asked', body: {} },
      {
        front: aFront({
          encoder: (includeUsage) => openAiStreamEncoder({ includeUsage }),
          wantsUsage: () => false,
          toChunks: () => CHUNKS,
        }),
        snapshot: { config: { requests: { restampModel: false, alwaysIncludeStreamUsage } } },
      },
    ),
  );

async function* chunks(...given: (ChatChunk | Error)[]): AsyncGenerator<ChatChunk> {
  for (const one of given) {
    if (one instanceof Error) throw one;
    yield one;
  }
}

const pipe = async (stream: ChunkStream) => {
  const response = new FakeResponse();
  const end = await stream.pipe(response.asResponse());
  return { response, end };
};

describe("a plugin's own stream", () => {
  it('is sent to its end, and named where the plugin gave no id', async () => {
    const attempt = asked();
    const stream = await ChunkStream.open(attempt, chunks(...CHUNKS));
    expect(attempt.firstTokenAt).toBeDefined();
    const { response, end } = await pipe(stream);
    expect(end).toEqual({ status: 'success' });
    expect(response.text).toMatch(/"id":"chatcmpl-call-1".*one.*two.*"finish_reason":"stop".*\[DONE\]\n\n$/s);
    expect([stream.usage?.totalTokens, stream.estimateOutputTokens()]).toEqual([3, 2]);
  });

  it('that goes on with another one begins no second time, and keeps what it says', async () => {
    const former = Object.assign(new Transcript(), { id: 'first', model: 'm', text: 'zero ' });
    const transcript = new Transcript(former);
    const attempt = Object.assign(asked(), { transcript });
    const { response } = await pipe(await ChunkStream.open(attempt, chunks(...CHUNKS)));
    expect(response.text).toMatch(/^data: {"id":"first".*"content":"one".*two/s);
    expect(response.text).not.toContain('"role"');
    expect(transcript.text).toBe('zero onetwo');
  });

  it.each<[string, (ChatChunk | Error)[], unknown]>([
    ['fails at once', [new Error('broken')], new Error('broken')],
    ['says nothing', [], expect.objectContaining({ code: 'GW_STREAM_CUT' })],
  ])('that %s is an ordinary error', async (_title, given, expected) => {
    await expect(ChunkStream.open(asked(), chunks(...given))).rejects.toEqual(expected);
  });

  it('that fails later ends with that failure', async () => {
    const broken = new Error('broken');
    const { response, end } = await pipe(await ChunkStream.open(asked(), chunks(...CHUNKS.slice(0, 2), broken)));
    expect(end).toEqual({ status: 'failure', error: broken });
    expect(response.text).toContain('one');
    expect(response.text).not.toContain('[DONE]');
  });

  it('that breaks off names its provider', async () => {
    const broken = new GatewayError('GW_UPSTREAM_UNAVAILABLE', 'The provider broke off.');
    const attempt = asked();
    const { provider } = attempt.target.deployment;
    const { end } = await pipe(await ChunkStream.open(attempt, chunks(...CHUNKS.slice(0, 2), broken)));
    expect(end).toMatchObject({ error: { message: `${provider} broke off.`, facts: { provider } } });
  });

  it('waits for a client that reads slowly', async () => {
    const stream = await ChunkStream.open(asked(), chunks(...CHUNKS));
    const response = new FakeResponse();
    response.isFull = true;
    const ended = stream.pipe(response.asResponse());
    await new Promise(setImmediate);
    expect(response.text).not.toContain('two');
    response.drain();
    await expect(ended).resolves.toEqual({ status: 'success' });
    expect(response.text).toContain('two');
  });

  it('does not wait for a client that left', async () => {
    const attempt = asked();
    const stream = await ChunkStream.open(attempt, chunks(...CHUNKS));
    const response = new FakeResponse();
    response.isFull = true;
    const ended = stream.pipe(response.asResponse());
    await new Promise(setImmediate);
    attempt.exchange.clientGone();
    response.emit('close');
    await expect(ended).resolves.toEqual({ status: 'client_closed' });
    expect(response.text).not.toContain('two');
  });

  it('is given up when nobody wants it', async () => {
    let isClosed = false;
    const source = (async function* () {
      try {
        yield CHUNKS[0]!;
        yield CHUNKS[1]!;
      } finally {
        isClosed = true;
      }
    })();
    (await ChunkStream.open(asked(), source)).abort();
    await new Promise(setImmediate);
    expect(isClosed).toBe(true);
  });
});

describe('a whole answer', () => {
  it('is played as a stream', async () => {
    const { response } = await pipe(await playAsStream(asked(), {}, { 'x-a': 'b' }));
    expect(response.text).toBe(replay(asked().exchange, {}));
    expect((await playAsStream(asked(), {}, { 'x-a': 'b' })).headers).toEqual({ 'x-a': 'b' });
  });

  it('that goes on with a broken stream begins no second time', () => {
    const former = Object.assign(new Transcript(), { id: 'first', model: 'm', text: 'zero ' });
    const attempt = Object.assign(asked(), { transcript: new Transcript(former) });
    expect(replay(attempt.exchange, {}, attempt)).toMatch(/^data: {"id":"first".*"content":"one"/);
  });

  it('tells its usage where the operator wants that', () => {
    expect(
      [replay(asked().exchange, {}), replay(asked(true).exchange, {})].map((text) => text.includes('"total_tokens":3')),
    ).toEqual([false, true]);
  });
});
