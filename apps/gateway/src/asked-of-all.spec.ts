import { describe, expect, it } from '@jest/globals';
import { AskedOfAll } from './asked-of-all.js';
import type { FromWorker } from './channel.js';
import type { CallRecord } from './runtime/recent-calls.js';

const asking = () => {
  const sent: FromWorker[] = [];
  const asked = new AskedOfAll({ place: 0, send: (message) => void sent.push(message), onMessage: () => undefined });
  return { asked, sent };
};

describe("a worker's question", () => {
  it('goes to the primary', () => {
    const { asked, sent } = asking();
    void asked.metricsText();
    void asked.findCall('call-1');
    void asked.forgetAnswers(['a']);
    expect(sent).toEqual([
      { type: 'metrics-wanted', request: 1 },
      { type: 'call-wanted', request: 2, callId: 'call-1' },
      { type: 'cache-forget-wanted', request: 3, keys: ['a'] },
    ]);
  });

  it('has the answer that comes under its number', async () => {
    const { asked } = asking();
    const record = { callId: 'call-1' } as CallRecord;
    const [text, found, unknown] = [asked.metricsText(), asked.findCall('call-1'), asked.findCall('call-2')];
    asked.answered(3, undefined);
    asked.answered(2, record);
    asked.answered(1, 'calls 1');
    expect(await Promise.all([text, found, unknown])).toEqual(['calls 1', record, undefined]);
  });

  it('is answered once; an answer to nothing is passed over', async () => {
    const { asked } = asking();
    const text = asked.metricsText();
    asked.answered(1, 'first');
    asked.answered(1, 'second');
    asked.answered(9, 'nobody asked');
    expect(await text).toBe('first');
  });
});
