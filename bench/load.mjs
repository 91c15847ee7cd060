/**
 * The load generator, forked into a process of its own. Takes one order at a time as a message and answers with
 * `{ result }` or `{ error }`. All times in milliseconds.
 */
import { chatRequest, openConnection } from './load.client.mjs';
import { summary } from './stats.mjs';
import { streamFrames, streamsWithoutUsage } from './wire.mjs';

/**
 * Every connection sends its next request when its last is answered, until `count` are sent or `durationMs` is over.
 * @typedef {object} RequestsOrder
 * @property {'requests'} kind
 * @property {number} port
 * @property {Record<string, string>} headers
 * @property {string} body
 * @property {number} connections
 * @property {number} [count]
 * @property {number} [durationMs]
 * @property {string[]} [keys] each request comes with the next one of them, instead of the one in its headers
 * @property {boolean} [windows] also return when each request began and ended
 */

/**
 * Streams at once. One in sixteen does not ask for usage: the gateway then asks for it itself, and must withhold what
 * that adds.
 * @typedef {object} StreamsOrder
 * @property {'streams'} kind
 * @property {number} port
 * @property {Record<string, string>} headers
 * @property {string} body that asks for usage
 * @property {string} unaskedBody that does not
 * @property {number} streams
 */

/**
 * @typedef {object} RequestsResult
 * @property {number} requests answered with 200
 * @property {number} errors every other end
 * @property {Record<string, number>} errorKinds
 * @property {number} seconds
 * @property {ReturnType<typeof summary>} latency
 * @property {[beginNs: number, endNs: number][]} windows on the machine's monotonic clock
 */

/**
 * @typedef {object} StreamsResult
 * @property {number} streams complete
 * @property {number} identical those whose bytes are what the upstream sent
 * @property {number} chunks of the complete ones, as the upstream sent them
 * @property {number} errors
 * @property {number} seconds
 * @property {ReturnType<typeof summary>} gap between two arrivals of one stream
 * @property {ReturnType<typeof summary>} firstByte
 */

const CONNECT_BATCH = 250;
const SAME_ARRIVAL_MS = 0.05;
/** Without it a target that never answers would hold up the whole run. */
const SILENCE_MS = 15_000;
const STREAM = { bytes: Buffer.concat(streamFrames(true)), chunks: streamFrames(true).length };
const STREAMS_WITHOUT_USAGE = streamsWithoutUsage();

process.on('message', (/** @type {RequestsOrder | StreamsOrder} */ order) => {
  (order.kind === 'requests' ? requests(order) : streams(order)).then(
    (result) => process.send?.({ result }),
    (error) => process.send?.({ error: String(error) }),
  );
});

/** @param {RequestsOrder} order @returns {Promise<RequestsResult>} */
async function requests({
  port,
  headers,
  body,
  connections,
  count = Infinity,
  durationMs = Infinity,
  keys,
  windows = false,
}) {
  const all = keys?.map((key) => chatRequest(port, { ...headers, authorization: `Bearer ${key}` }, body)) ?? [
    chatRequest(port, headers, body),
  ];
  const latencies = new Samples();
  /** @type {[number, number][]} */
  const times = [];
  /** @type {Record<string, number>} */
  const errorKinds = {};
  /** @param {string} kind */
  const countError = (kind) => (errorKinds[kind] = (errorKinds[kind] ?? 0) + 1);
  let sent = 0;
  let open = 0;
  let deadline = Infinity;
  /** @type {() => void} */
  let finish = () => {};
  const finished = new Promise((/** @type {(value: void) => void} */ resolve) => (finish = resolve));

  const openOne = async () => {
    let began = 0;
    const connection = await openConnection(port, {
      end: (status) => {
        const now = performance.now();
        if (status === 200) latencies.push(now - began);
        else countError(`status ${status}`);
        if (windows) times.push([toMonotonic(began), toMonotonic(now)]);
        next();
      },
      fail: (error) => {
        countError(error.message);
        leave();
      },
    });
    const leave = () => {
      connection.close();
      open -= 1;
      if (open === 0) finish();
    };
    const next = () => {
      began = performance.now();
      if (sent >= count || began >= deadline) return leave();
      connection.send(/** @type {Buffer} */ (all[sent % all.length]));
      sent += 1;
    };
    open += 1;
    return { next, leave };
  };

  /** @type {Awaited<ReturnType<typeof openOne>>[]} */
  const clients = [];
  while (clients.length < connections) {
    const batch = Array.from({ length: Math.min(CONNECT_BATCH, connections - clients.length) }, openOne);
    for (const outcome of await Promise.allSettled(batch)) {
      if (outcome.status === 'fulfilled') clients.push(outcome.value);
      else countError(`connect: ${outcome.reason}`);
    }
    if (clients.length === 0) throw new Error('no connection could be opened');
  }
  const start = performance.now();
  deadline = start + durationMs;
  for (const client of clients) client.next();
  const seconds = await Promise.race([finished, silence(durationMs)]).then(() => (performance.now() - start) / 1_000);
  if (open > 0) {
    countError(`no answer (${open} connections)`);
    for (const client of clients) client.leave();
  }
  const errors = Object.values(errorKinds).reduce((sum, number) => sum + number, 0);
  const latency = summary(latencies.values());
  return { requests: latencies.length, errors, errorKinds, seconds, latency, windows: times };
}

/** @param {StreamsOrder} order @returns {Promise<StreamsResult>} */
async function streams({ port, headers, body, unaskedBody, streams: total }) {
  const asking = { request: chatRequest(port, headers, body), allowed: [STREAM.bytes], chunks: STREAM.chunks };
  const unasked = {
    request: chatRequest(port, headers, unaskedBody),
    allowed: STREAMS_WITHOUT_USAGE,
    chunks: STREAM.chunks - 1,
  };
  const gaps = new Samples();
  const firstBytes = new Samples();
  const counts = { streams: 0, identical: 0, chunks: 0 };
  const start = performance.now();
  /** @type {(() => void)[]} */
  const open = [];

  async function one(/** @type {unknown} */ _, /** @type {number} */ index) {
    const { request, allowed, chunks } = index % 16 === 15 ? unasked : asking;
    const comparers = allowed.map(comparer);
    let began = 0;
    let last = 0;
    /** @type {(status: number) => void} */
    let finish = () => {};
    const finished = new Promise((/** @type {(status: number) => void} */ resolve) => (finish = resolve));
    const connection = await openConnection(port, {
      body: (bytes) => {
        const now = performance.now();
        // Pieces of one read arrive together and are one arrival.
        if (last === 0) firstBytes.push(now - began);
        else if (now - last > SAME_ARRIVAL_MS) gaps.push(now - last);
        last = now;
        for (const { push } of comparers) push(bytes);
      },
      end: finish,
      fail: () => finish(0),
    });
    open.push(connection.close);
    began = performance.now();
    connection.send(request);
    if ((await finished) !== 200) return;
    connection.close();
    counts.streams += 1;
    counts.chunks += chunks;
    if (comparers.some(({ complete }) => complete())) counts.identical += 1;
  }

  await Promise.race([Promise.allSettled(Array.from({ length: total }, one)), silence(0)]);
  for (const close of open) close();
  const seconds = (performance.now() - start) / 1_000;
  return {
    ...counts,
    errors: total - counts.streams,
    seconds,
    gap: summary(gaps.values()),
    firstByte: summary(firstBytes.values()),
  };
}

/** Whether the bytes that come are these, without keeping them. @param {Buffer} expected */
function comparer(expected) {
  let offset = 0;
  let same = true;
  return {
    /** @param {Buffer} bytes */
    push: (bytes) => {
      same &&= expected.subarray(offset, offset + bytes.length).equals(bytes);
      offset += bytes.length;
    },
    complete: () => same && offset === expected.length,
  };
}

/** A growing list of numbers without boxing. */
class Samples {
  length = 0;
  #values = new Float64Array(4_096);

  /** @param {number} value */
  push(value) {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  values() {
    return this.#values.subarray(0, this.length);
  }
}

/** @param {number} durationMs */
const silence = (durationMs) =>
  new Promise((/** @type {(value: void) => void} */ resolve) => {
    setTimeout(resolve, (Number.isFinite(durationMs) ? durationMs : 0) + SILENCE_MS).unref();
  });

const ORIGIN_NS = Number(process.hrtime.bigint()) - performance.now() * 1e6;

/** @param {number} ms of performance.now() */
const toMonotonic = (ms) => ms * 1e6 + ORIGIN_NS;
