/**
 * The measure for blocks of the event loop: one decode and JSON.parse of the same body, alone in a process.
 * Forked; answers `{ language, times }` to `{ language, repeat }`, in milliseconds of processor time, as the probe counts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { threadMicros } from './thread-time.mjs';
import { LANGUAGES, largeBody } from './wire.mjs';

const bodies = new Map(LANGUAGES.map((language) => [language, Buffer.from(largeBody(language))]));

process.on(
  'message',
  async (/** @type {{ language: import('./wire.mjs').Language, repeat: number }} */ { language, repeat }) => {
    const body = /** @type {Buffer} */ (bodies.get(language));
    const times = [];
    for (let index = 0; index < repeat; index += 1) {
      // A fresh copy after a pause, as a body comes from the network: not still in the processor's caches.
      const copy = Buffer.from(body);
      await pause(4);
      const start = threadMicros();
      const { messages } = JSON.parse(copy.toString());
      times.push((threadMicros() - start) / 1_000);
      if (messages.length !== 2) throw new Error('the body was not read');
    }
    process.send?.({ language, times });
  },
);
