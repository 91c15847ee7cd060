/** The HTTP server under every mock provider: it records, obeys behaviours and sends; the dialect says what. */
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { behaviourOf } from './behaviours.mjs';
import { CUT, play, STALL, wait } from './play.mjs';

/** @typedef {import('./behaviours.mjs').Behaviour} Behaviour */
/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */

/**
 * @typedef {object} UpstreamOptions
 * @property {number} [port] 0 by default: any free port
 * @property {Behaviour | string} [behaviour] for every request that no script is for; the model's name adds to it
 * @property {number} [chunkDelayMs] wait between stream events
 * @property {number} [split] bytes a write in streams; 1 cuts through every character of more than one byte
 * @property {boolean} [requireKey] refuse requests without a key; true except for Ollama
 * @property {string[]} [keys] the only keys taken; otherwise every key that does not begin with `sk-bad`
 * @property {boolean} [strict] refuse unknown top-level fields; true for Anthropic and Gemini, who do so
 * @property {number} [keepRequests] how many requests are kept; 1,000 by default
 * @property {boolean} [keepAnswers] keep the body bytes sent, in `answer` of each record
 * @property {() => number} [now] epoch milliseconds
 */

/**
 * @typedef {object} RecordedRequest
 * @property {string} method
 * @property {string} path without the query
 * @property {string} query with its `?`, or empty
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {any} body parsed if it is JSON, else text
 * @property {Buffer} rawBody
 * @property {number} receivedAt milliseconds of `performance.now()`
 * @property {boolean} clientLeft the client closed the connection before the answer's end
 * @property {Buffer} answer what was sent as body, if `keepAnswers`
 */

/**
 * A request as a dialect sees it.
 * @typedef {object} Call
 * @property {RecordedRequest} request
 * @property {string} id a number in words, for ids: no two calls of a server share it
 * @property {number} now epoch milliseconds
 * @property {Behaviour} behaviour
 * @property {boolean} strict
 */

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {string | Buffer} [body]
 * @property {string[]} [events] a stream: one frame each
 */

/** @typedef {{ model: string, answer: (call: Call) => Reply }} Route */

/**
 * @typedef {object} Dialect
 * @property {boolean} requireKey
 * @property {boolean} strict
 * @property {(request: RecordedRequest) => Route | undefined} route
 * @property {(request: RecordedRequest) => string | undefined} key
 * @property {(key: string | undefined, call: Call) => Reply} unauthorised
 * @property {(call: Call) => Reply} unknownPath
 * @property {(status: number, call: Call, model: string) => Reply} failure for a bare status
 * @property {(kind: 'context' | 'content-policy' | 'quota', call: Call) => Reply} refusal
 * @property {string} errorEvent the frame of an error in a stream
 * @property {string} brokenEvent a frame whose JSON does not parse
 */

/** @typedef {Behaviour | string | ((request: IncomingMessage, response: ServerResponse) => void)} ScriptStep */

/**
 * @typedef {object} Upstream
 * @property {string} url origin, without a path
 * @property {number} port
 * @property {RecordedRequest[]} requests the newest last
 * @property {number} inFlight requests not yet answered
 * @property {number} maxInFlight the most there ever were at once
 * @property {(...steps: ScriptStep[]) => void} script what the next requests get, before any model's name is asked
 * @property {(words: Behaviour | string, model?: string) => void} behave from now on, in place of the option
 *   `behaviour`; with a model, for requests for that one
 * @property {() => Promise<RecordedRequest>} nextRequest the next one to come in
 * @property {() => void} reset forget requests, script, failures counted and what it was told by `behave`
 * @property {() => Promise<void>} close cuts what is open, and refuses connections
 * @property {() => Promise<void>} open listens again, at the same port
 */

const HTML_PAGE = (/** @type {number} */ status) =>
  `<html>\r\n<head><title>${status} Bad Gateway</title></head>\r\n<body>\r\n<center><h1>${status} Bad Gateway</h1></center>\r\n` +
  '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';

/**
 * @param {Dialect} dialect
 * @param {UpstreamOptions} [options]
 * @returns {Promise<Upstream>}
 */
export async function startUpstream(dialect, options = {}) {
  const { port = 0, keepRequests = 1_000, now = Date.now, keepAnswers = false } = options;
  const requireKey = options.requireKey ?? dialect.requireKey;
  const told = toBehaviour(options.behaviour ?? {});
  let base = told;
  /** @type {Map<string, Behaviour>} */
  const byModel = new Map();
  /** @type {ScriptStep[]} */
  const script = [];
  /** @type {((request: RecordedRequest) => void)[]} */
  const waiting = [];
  /** @type {Map<string, number>} */
  const failures = new Map();
  let calls = 0;

  const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
    upstream.inFlight += 1;
    upstream.maxInFlight = Math.max(upstream.maxInFlight, upstream.inFlight);
    response.once('close', () => (upstream.inFlight -= 1));
    serve(request, response).catch((cause) => response.destroy(cause));
  });

  /** @param {IncomingMessage} request @param {ServerResponse} response */
  async function serve(request, response) {
    const record = await recordOf(request);
    let closesItself = false;
    response.once('close', () => (record.clientLeft = !response.writableFinished && !closesItself));
    upstream.requests.push(record);
    if (upstream.requests.length > keepRequests) upstream.requests.shift();
    waiting.splice(0).forEach((resolve) => resolve(record));

    const step = script.shift();
    if (typeof step === 'function') return step(request, response);
    const route = dialect.route(record);
    const model = route?.model ?? '';
    const behaviour = {
      ...base,
      ...byModel.get(model),
      ...(step === undefined ? behaviourOf(model) : toBehaviour(step)),
    };
    closesItself = behaviour.reset === true || behaviour.cutAfter !== undefined;
    calls += 1;
    const call = {
      request: record,
      id: String(calls),
      now: now(),
      behaviour,
      strict: options.strict ?? dialect.strict,
    };

    if (behaviour.slowMs) await wait(behaviour.slowMs, response);
    if (behaviour.hang || response.destroyed) return;
    if (behaviour.reset) return void request.socket.resetAndDestroy();
    const reply = replyTo(call, route);
    const sent = await send(response, reply, call);
    if (keepAnswers) record.answer = Buffer.concat(sent);
  }

  /** @param {Call} call @param {Route | undefined} route @returns {Reply} */
  function replyTo(call, route) {
    const { behaviour, request } = call;
    const key = dialect.key(request);
    if (key === undefined ? requireKey : !(options.keys?.includes(key) ?? !key.startsWith('sk-bad'))) {
      return dialect.unauthorised(key, call);
    }
    if (route === undefined) return dialect.unknownPath(call);
    if (behaviour.htmlStatus) {
      return {
        status: behaviour.htmlStatus,
        headers: { 'content-type': 'text/html' },
        body: HTML_PAGE(behaviour.htmlStatus),
      };
    }
    if (behaviour.errorWithStatus) {
      return { ...dialect.failure(500, call, route.model), status: behaviour.errorWithStatus };
    }
    const failed = failures.get(route.model) ?? 0;
    if (failed < (behaviour.flaky ?? 0)) {
      failures.set(route.model, failed + 1);
      return dialect.failure(500, call, route.model);
    }
    if (behaviour.refusal) return dialect.refusal(behaviour.refusal, call);
    if (behaviour.status) return dialect.failure(behaviour.status, call, route.model);
    return route.answer(call);
  }

  /** @param {ServerResponse} response @param {Reply} reply @param {Call} call */
  async function send(response, reply, { behaviour, request }) {
    if (reply.events) {
      response.writeHead(reply.status, reply.headers);
      response.flushHeaders();
      const pace = {
        delayMs: behaviour.paceMs ?? options.chunkDelayMs ?? 0,
        lateMs: behaviour.lateMs,
        split: behaviour.split ?? options.split,
      };
      return play(response, stepsOf(reply.events, behaviour), pace);
    }
    const body = bodyOf(reply.body ?? '', behaviour);
    const zipped = behaviour.gzip && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const bytes = zipped ? gzipSync(body) : body;
    response.writeHead(reply.status, {
      ...reply.headers,
      ...(zipped && { 'content-encoding': 'gzip' }),
      'content-length': bytes.length,
    });
    if (behaviour.lateMs) response.flushHeaders();
    return play(response, partsOf(bytes, reply.status < 400 ? behaviour : {}), {
      delayMs: 0,
      lateMs: behaviour.lateMs,
    });
  }

  /** @param {string[]} events @param {Behaviour} behaviour @returns {import('./play.mjs').Step[]} */
  function stepsOf(events, { empty, cutAfter, stallAfter, endAfter, errorAfter, brokenAfter }) {
    if (empty) return [];
    if (cutAfter !== undefined) return [...events.slice(0, cutAfter), CUT];
    if (stallAfter !== undefined) return [...events.slice(0, stallAfter), STALL];
    if (endAfter !== undefined) return events.slice(0, endAfter);
    if (errorAfter !== undefined) return [...events.slice(0, errorAfter), dialect.errorEvent];
    if (brokenAfter !== undefined) {
      return [...events.slice(0, brokenAfter), dialect.brokenEvent, ...events.slice(brokenAfter)];
    }
    return events;
  }

  const upstream = {
    url: '',
    port: 0,
    /** @type {RecordedRequest[]} */
    requests: [],
    inFlight: 0,
    maxInFlight: 0,
    /** @param {ScriptStep[]} steps */
    script: (...steps) => void script.push(...steps),
    /** @param {Behaviour | string} words @param {string} [model] */
    behave: (words, model) => {
      if (model === undefined) base = toBehaviour(words);
      else byModel.set(model, toBehaviour(words));
    },
    nextRequest: () =>
      new Promise((/** @type {(request: RecordedRequest) => void} */ resolve) => waiting.push(resolve)),
    reset: () => {
      upstream.requests.length = 0;
      upstream.maxInFlight = upstream.inFlight;
      script.length = 0;
      failures.clear();
      base = told;
      byModel.clear();
    },
    close: () =>
      new Promise((/** @type {(value: void) => void} */ resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    open: () => listen(upstream.port),
  };

  /** @param {number} at */
  function listen(at) {
    return new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: at, host: '127.0.0.1', backlog: 4_096 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  }

  await listen(port);
  upstream.port = /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  upstream.url = `http://127.0.0.1:${upstream.port}`;
  return upstream;
}

/** @param {Behaviour | string} step */
const toBehaviour = (step) => (typeof step === 'string' ? behaviourOf(step, { marker: false }) : step);

/** @param {string | Buffer} body @param {Behaviour} behaviour */
function bodyOf(body, { empty, brokenAfter }) {
  const bytes = Buffer.from(body);
  if (empty) return Buffer.alloc(0);
  return brokenAfter === undefined ? bytes : bytes.subarray(0, bytes.length - 3);
}

/** @param {Buffer} bytes @param {Behaviour} behaviour @returns {import('./play.mjs').Step[]} */
function partsOf(bytes, { cutAfter, stallAfter }) {
  const half = bytes.subarray(0, bytes.length >> 1);
  if (cutAfter !== undefined) return [half, CUT];
  return stallAfter === undefined ? [bytes] : [half, STALL];
}

/** @param {IncomingMessage} request @returns {Promise<RecordedRequest>} */
async function recordOf(request) {
  const receivedAt = performance.now();
  /** @type {Buffer[]} */
  const parts = [];
  for await (const part of request) parts.push(part);
  const rawBody = Buffer.concat(parts);
  const { pathname, search } = new URL(request.url ?? '/', 'http://mock');
  const body = parsed(rawBody.toString());
  const { method = 'GET', headers } = request;
  const path = decodeURIComponent(pathname);
  return {
    method,
    path,
    query: search,
    headers,
    body,
    rawBody,
    receivedAt,
    clientLeft: false,
    answer: Buffer.alloc(0),
  };
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
