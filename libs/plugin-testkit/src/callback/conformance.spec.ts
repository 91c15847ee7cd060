import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { failuresOf } from '../check.js';
import { callbackSubject, deliveredTo, sampleCallback, type OpenCallback } from '../samples/sample-callback.js';
import { callbackChecks, callbackConformance } from './conformance.js';

const run = promisify(execFile);

callbackConformance({ ...callbackSubject(), delivered: deliveredTo });

const failing = async (change: OpenCallback, only = /^events\/(?!backend-hangs)/): Promise<string[]> => {
  const subject = { ...callbackSubject(sampleCallback({}, change)), delivered: deliveredTo };
  return Object.keys(await failuresOf(callbackChecks(subject).filter(({ id }) => only.test(id))));
};

describe('the callback suite fails a callback that', () => {
  it.each<[string, OpenCallback, string[]]>([
    ['listens to nothing', (good) => ({ ...good, events: {} }), ['moments']],
    ['misspells a moment', (good) => ({ ...good, events: { ...good.events, onSucces: () => {} } }), ['moments']],
    [
      'needs more than is always there',
      (good) => ({
        ...good,
        events: { ...good.events, onAfterCall: ({ usage }: { usage: { totalTokens: number } }) => usage.totalTokens },
      }),
      ['told'],
    ],
    [
      'changes the event it is told',
      (good) => ({
        ...good,
        events: { ...good.events, onBeforeCall: (event: { model: string }) => void (event.model = 'x') },
      }),
      ['told'],
    ],
    [
      'logs the secret when its transport fails',
      (good, { api_key, url }, host) => ({
        ...good,
        events: {
          ...good.events,
          onAfterCall: async (_event: unknown) => {
            const { status } = await host.http.request({ url });
            if (status >= 400) host.log.warn('refused', { headers: { authorization: `Bearer ${api_key}` } });
          },
        },
      }),
      ['backend-refuses'],
    ],
    ['loses what is left when it stops', (good) => ({ ...good, stop: async () => {} }), ['flush']],
  ])('%s', async (_title, change, fails) => {
    expect(await failing(change)).toEqual(fails.map((id) => `events/${id}`));
  });

  it('does not let go when it is told to', async () => {
    const onFailure = () => new Promise<void>(() => {});
    const change: OpenCallback = (good) => ({ ...good, events: { ...good.events, onFailure } });
    expect(await failing(change, /backend-hangs$/)).toEqual(['events/backend-hangs']);
  });

  it('leaves a rejected promise lying about, as seen without a test runner', async () => {
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
      const { callbackChecks, failuresOf } = await import(${url('../../dist/index.js')});
      const { z } = await import('@turnpike/plugin-sdk');
      const plugin = {
        contract: 'callback/v1', id: 'callback.floating', capabilities: ['events'], config: z.strictObject({}),
        init: () => ({ events: { onSuccess: () => void Promise.reject(new Error('lost')) } }),
      };
      const checks = callbackChecks({ plugin, config: {} }).filter(({ id }) => id.startsWith('events/backend'));
      console.log(Object.keys(await failuresOf(checks)).join(' '));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('../../', import.meta.url),
    });
    expect(stdout.trim().split(' ')).toEqual([
      'events/backend-answers',
      'events/backend-refuses',
      'events/backend-down',
      'events/backend-hangs',
    ]);
  });
});
