/** Sends an answer's bytes at the pace and in the pieces asked for. */
import { setImmediate as turn } from 'node:timers/promises';

/** @typedef {import('node:http').ServerResponse} ServerResponse */

/** Close the connection here, without the body's end. */
export const CUT = Symbol('cut');
/** Send no more, and leave the connection open. */
export const STALL = Symbol('stall');

/** @typedef {string | Buffer | typeof CUT | typeof STALL} Step */

/**
 * @param {number} ms
 * @param {ServerResponse} response the wait is over when it closes
 */
export const wait = (ms, response) =>
  new Promise((/** @type {(value: void) => void} */ resolve) => {
    const timer = setTimeout(done, ms);
    response.once('close', done);
    function done() {
      clearTimeout(timer);
      response.off('close', done);
      resolve();
    }
  });

/**
 * Plays the steps and ends the response, unless they cut or stall it or the client leaves.
 * @param {ServerResponse} response head already written
 * @param {readonly Step[]} steps
 * @param {{ delayMs: number, lateMs?: number | undefined, split?: number | undefined }} pace with `split`, events run together and are cut every so
 *   many bytes, so that a cut may fall in an event, in a line end or in a character
 * @returns {Promise<Buffer[]>} the bytes sent
 */
export async function play(response, steps, { delayMs, lateMs, split }) {
  /** @type {Buffer[]} */
  const sent = [];
  let rest = Buffer.alloc(0);

  /** @param {Buffer} bytes */
  async function write(bytes) {
    if (response.destroyed || bytes.length === 0) return;
    sent.push(bytes);
    if (!response.write(bytes)) await drained(response);
  }

  if (lateMs) await wait(lateMs, response);
  for (const step of steps) {
    if (response.destroyed) return sent;
    if (typeof step === 'symbol') {
      await write(rest);
      if (step === CUT) await cut(response);
      return sent;
    }
    if (delayMs > 0 && sent.length > 0) await wait(delayMs, response);
    if (!split) {
      await write(Buffer.from(step));
      continue;
    }
    rest = Buffer.concat([rest, Buffer.from(step)]);
    for (; rest.length >= split; rest = rest.subarray(split)) {
      await write(rest.subarray(0, split));
      // Without a turn of the loop the kernel would join the writes again.
      await turn();
    }
  }
  await write(rest);
  if (!response.destroyed) response.end();
  return sent;
}

/** Lets what was written leave first: a reset would take it back. @param {ServerResponse} response */
async function cut(response) {
  await wait(5, response);
  response.destroy();
}

/** @param {ServerResponse} response */
const drained = (response) =>
  new Promise((/** @type {(value: void) => void} */ resolve) => {
    response.once('drain', done);
    response.once('close', done);
    function done() {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    }
  });
