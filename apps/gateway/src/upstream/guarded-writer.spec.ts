import type { ChatChunk } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { openAiStreamEncoder } from '@turnpike/wire';
import { describe, expect, it } from '@jest/globals';
import type { StreamGuards } from '../guarding/stream-guards.js';
import { GuardedWriter } from './guarded-writer.js';
import { Recording } from './recording.js';
import { Transcript } from './transcript.js';

const START: ChatChunk = { type: 'start', id: 'i', model: 'm', created: 1 };
const text = (said: string): ChatChunk => ({ type: 'text-delta', choice: 0, text: said });
const FINISH: ChatChunk = { type: 'finish', choice: 0, reason: 'stop' };

/** Holds back one text, and lets it pass in capitals before the next. */
class Holding {
  stoppedBy: GatewayError | undefined;
  private held: ChatChunk[] = [];

  push(chunk: ChatChunk): ChatChunk[] {
    if (chunk.type !== 'text-delta') return [...this.held.splice(0), chunk];
    if (chunk.text === 'dragon') throw (this.stoppedBy = new GatewayError('GW_GUARDRAIL_BLOCKED', 'no'));
    const passed = this.held;
    this.held = [{ ...chunk, text: chunk.text.toUpperCase() }];
    return passed;
  }

  end(): ChatChunk[] {
    return this.held.splice(0);
  }
}

const aWriter = (more: { transcript?: Transcript; recording?: Recording } = {}, guards = new Holding()) =>
  new GuardedWriter(
    { encoder: openAiStreamEncoder({ includeUsage: false }), names: { id: 'x', model: undefined }, ...more },
    guards as unknown as StreamGuards,
  );

const saidIn = (stream: string): string =>
  Array.from(stream.matchAll(/"content":"([^"]*)"/g), ([, said]) => said).join('');

describe('a guarded stream', () => {
  it('is kept until its client is known to get it', () => {
    const writer = aWriter();
    expect([writer.write(START), writer.write(text('a')), writer.write(text('b'))]).toEqual(['', '', '']);
    expect([writer.isKept, writer.hasBegun]).toEqual([true, true]);
    expect(saidIn(writer.release())).toBe('A');
    expect([writer.isKept, saidIn(writer.write(FINISH))]).toEqual([false, 'B']);
    expect(writer.end()).toBe('data: [DONE]\n\n');
  });

  it('that ended meanwhile is given out to its end', () => {
    const writer = aWriter();
    for (const chunk of [START, text('a'), FINISH]) writer.write(chunk);
    expect(writer.end()).toBe('');
    const all = writer.release();
    expect([saidIn(all), all.endsWith('data: [DONE]\n\n')]).toEqual(['A', true]);
  });

  it('opens with the first thing that is said', () => {
    const writer = aWriter();
    writer.release();
    expect([writer.write(START), writer.write(text('a'))]).toEqual(['', '']);
    expect(writer.write(text('b'))).toMatch(/"role":"assistant".*\n\n.*"content":"A"/);
  });

  it('says to whoever records it what the client is told, and to whoever goes on with it what the provider said', () => {
    const [transcript, recording] = [new Transcript(), new Recording()];
    const writer = aWriter({ transcript, recording });
    writer.release();
    for (const chunk of [START, text('a'), FINISH]) writer.write(chunk);
    expect([transcript.text, recording.chunks]).toEqual(['a', [START, text('A'), FINISH]]);
  });

  it('that goes on with another does not begin again', () => {
    const former = new Transcript();
    former.hear(START);
    const writer = aWriter({ transcript: new Transcript(former) });
    writer.release();
    expect(writer.write(START) + writer.write(text('a')) + writer.write(FINISH)).not.toContain(
      '"content":"","refusal"',
    );
  });

  it('that is stopped says so', () => {
    const writer = aWriter();
    for (const chunk of [START, text('dragon')]) writer.write(chunk);
    expect(writer.isStopped).toBe(false);
    expect(() => writer.release()).toThrow('no');
    expect(writer.isStopped).toBe(true);
  });
});
