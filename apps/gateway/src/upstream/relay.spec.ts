import type { ChatChunk } from '@turnpike/domain';
import { openAiStreamDecoder, openAiStreamEncoder, OpenAiStreamTap, type StreamTap } from '@turnpike/wire';
import { describe, expect, it } from '@jest/globals';
import type { AnswerNames } from './answer-names.js';
import { ChunkWriter } from './chunk-writer.js';
import { Recording } from './recording.js';
import { ByteRelay, OverheardRelay, TranslatingRelay } from './relay.js';
import { Transcript } from './transcript.js';

const NAMES: AnswerNames = { id: 'chatcmpl-call-1', model: undefined };
const START: ChatChunk = { type: 'start', id: 'theirs', model: 'upstream', created: 1 };
const text = (words: string): ChatChunk => ({ type: 'text-delta', choice: 0, text: words });

const aWriter = (names: Partial<AnswerNames> = {}, includeUsage = false): ChunkWriter =>
  new ChunkWriter({ encoder: openAiStreamEncoder({ includeUsage }), names: { ...NAMES, ...names } });

describe('ByteRelay', () => {
  it('passes on what its tap passes on, and knows what it knows', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const tap = {
      push: (bytes: Buffer) => bytes.subarray(1),
      end: () => Buffer.from('end'),
      usage: undefined as StreamTap['usage'],
      events: 0,
      leftover: () => Buffer.from('left'),
      estimateOutputTokens: () => 7,
    };
    const relay = new ByteRelay(tap);
    expect([relay.hasBegun, relay.usage]).toEqual([false, undefined]);
    Object.assign(tap, { events: 1, usage });
    expect([relay.hasBegun, relay.usage, relay.estimateOutputTokens()]).toEqual([true, usage, 7]);
    expect([relay.push(Buffer.from('xy')), relay.end(), relay.leftover()].map(String)).toEqual(['y', 'end', 'left']);
  });
});

describe('OverheardRelay', () => {
  const encoded = (chunks: ChatChunk[]): Buffer[] => {
    const encoder = openAiStreamEncoder({ includeUsage: false });
    return [...chunks.map((chunk) => Buffer.from(encoder.encode(chunk))), Buffer.from(encoder.end())];
  };
  const CHUNKS: ChatChunk[] = [START, text('one'), { type: 'finish', choice: 0, reason: 'stop' }];

  const overheard = () => {
    const recording = new Recording();
    const decoder = openAiStreamDecoder((chunk) => recording.hear(chunk));
    return { recording, relay: new OverheardRelay(new OpenAiStreamTap({ withholdUsage: false }), decoder) };
  };

  it('passes the very bytes on, and lets somebody hear what they say', () => {
    const { recording, relay } = overheard();
    const bytes = encoded(CHUNKS);
    expect(Buffer.concat([...bytes.map((piece) => relay.push(piece)), relay.end()])).toEqual(Buffer.concat(bytes));
    expect(recording.chunks).toContainEqual(text('one'));
  });

  it('passes on what nobody understands', () => {
    const { relay } = overheard();
    const odd = Buffer.from('data: {"choices": 5, "broken\n\n');
    expect(relay.push(odd)).toEqual(odd);
    expect(() => relay.push(Buffer.from('data: more\n\n'))).not.toThrow();
  });
});

describe('Recording', () => {
  it('keeps nothing of an answer without an end', () => {
    const recording = new Recording();
    for (let index = 0; index <= 100_000; index += 1) recording.hear(text('x'));
    expect(recording.chunks).toBeUndefined();
  });
});

describe('ChunkWriter', () => {
  it.each<[string, ChatChunk, Partial<AnswerNames>, object]>([
    ["keeps the provider's names", START, {}, { id: 'theirs', model: 'upstream' }],
    ['names an answer that has no id', { ...START, id: '' }, {}, { id: 'chatcmpl-call-1' }],
    ['says the asked model where the operator wants that', START, { model: 'asked' }, { model: 'asked' }],
  ])('%s', (_title, chunk, names, expected) => {
    const event = aWriter(names).write(chunk);
    expect(JSON.parse(event.slice('data: '.length))).toMatchObject(expected);
  });

  it('has begun with the first chunk', () => {
    const writer = aWriter();
    expect(writer.hasBegun).toBe(false);
    writer.write(START);
    expect(writer.hasBegun).toBe(true);
  });

  it('knows the usage told last; what is told at the start is about the prompt', () => {
    const writer = aWriter();
    writer.write({ ...START, usage: { inputTokens: 10, outputTokens: 1, totalTokens: 11, cachedInputTokens: 6 } });
    expect(writer.usage).toEqual({ inputTokens: 10, outputTokens: 0, totalTokens: 11, cachedInputTokens: 6 });
    const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };
    writer.write({ type: 'usage', usage });
    expect(writer.usage).toBe(usage);
  });

  it('estimates what was written: text, reasoning, refusals and arguments', () => {
    const writer = aWriter();
    writer.write(START);
    expect(writer.estimateOutputTokens()).toBe(0);
    writer.write(text('12345678'));
    writer.write({ type: 'reasoning-delta', choice: 0, text: '1234' });
    writer.write({ type: 'refusal-delta', choice: 0, text: '12' });
    writer.write({ type: 'tool-call-delta', choice: 0, index: 0, arguments: '{}1' });
    expect(writer.estimateOutputTokens()).toBe(5);
  });
});

describe('ChunkWriter of an answer that may have to go on elsewhere', () => {
  const usage: ChatChunk = { type: 'usage', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } };
  const finish: ChatChunk = { type: 'finish', choice: 0, reason: 'stop' };
  const write = (transcript: Transcript, chunks: readonly ChatChunk[], names: Partial<AnswerNames> = {}): string => {
    const encoder = openAiStreamEncoder({ includeUsage: true });
    const writer = new ChunkWriter({ encoder, names: { ...NAMES, ...names }, transcript });
    return chunks.map((chunk) => writer.write(chunk)).join('');
  };
  const events = (written: string): Record<string, unknown>[] =>
    written
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event) => JSON.parse(event.slice('data: '.length)) as Record<string, unknown>);

  it('keeps what it says, under the names that the client reads', () => {
    const transcript = new Transcript();
    write(transcript, [{ ...START, id: '' }, text('Once '), text('upon')], { model: 'asked' });
    expect(transcript).toMatchObject({ id: 'chatcmpl-call-1', model: 'asked', text: 'Once upon' });
  });

  it('goes on under the first names, and begins no second time', () => {
    const former = new Transcript();
    const first = write(former, [START, text('Once ')]);
    const next = new Transcript(former);
    const second = write(next, [{ ...START, id: 'others', model: 'other' }, text('upon'), finish, usage]);
    const all = events(first + second);
    expect(all.map(({ id, model }) => [id, model])).toEqual(Array(4).fill(['theirs', 'upstream']));
    expect(all.map(({ choices }) => (choices as { delta: object }[])[0]?.delta)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { content: 'Once ' },
      { content: 'upon' },
      {},
    ]);
    expect(next.text).toBe('Once upon');
  });

  it('counts only its own words', () => {
    const former = Object.assign(new Transcript(), { text: 'x'.repeat(400) });
    const encoder = openAiStreamEncoder({ includeUsage: false });
    const writer = new ChunkWriter({ encoder, names: NAMES, transcript: new Transcript(former) });
    writer.write(START);
    writer.write(text('four'));
    expect([writer.hasBegun, writer.estimateOutputTokens()]).toEqual([true, 1]);
  });
});

describe('TranslatingRelay', () => {
  const event = (value: object | string): Buffer =>
    Buffer.from(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);
  const said = event({ id: 'theirs', model: 'm', created: 1, choices: [{ index: 0, delta: { content: 'Hi' } }] });
  const aRelay = () => new TranslatingRelay(aWriter(), (emit) => openAiStreamDecoder(emit));

  it('gives each chunk when it is complete, and closes the stream', () => {
    const relay = aRelay();
    expect([relay.push(said.subarray(0, 20)), relay.hasBegun]).toEqual(['', false]);
    expect(relay.push(said.subarray(20))).toContain('"content":"Hi"');
    expect(relay.hasBegun).toBe(true);
    expect(relay.push(event('[DONE]'))).toContain('"finish_reason":"stop"');
    expect(relay.end()).toBe('data: [DONE]\n\n');
  });

  it('knows usage and delivered text', () => {
    const relay = aRelay();
    relay.push(said);
    relay.push(event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 } }));
    expect(relay.usage).toEqual({ inputTokens: 5, outputTokens: 1, totalTokens: 6 });
    expect(relay.estimateOutputTokens()).toBe(1);
  });

  it('has what came before an error in the same bytes', () => {
    const relay = aRelay();
    const error = event({ error: { message: 'slow', code: 429 } });
    expect(() => relay.push(Buffer.concat([said, error]))).toThrow('slow');
    expect(relay.leftover()).toContain('"content":"Hi"');
    expect(relay.leftover()).toBe('');
  });

  it("throws the provider's error, and that the stream was cut", () => {
    const relay = aRelay();
    relay.push(said);
    expect(() => relay.end()).toThrow(expect.objectContaining({ code: 'GW_STREAM_CUT' }));
    expect(() => aRelay().push(event({ error: { message: 'slow', code: 429 } }))).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_RATE_LIMITED' }),
    );
  });
});
