/**
 * The leanest mock provider: prebuilt bytes in a process of its own, nothing recorded, no key asked for.
 * `node bench/upstream.mjs PORT PACE_MS`
 */
import { createServer } from 'node:http';
import { CHAT_ANSWER, streamFrames } from './wire.mjs';

/** Longer bodies are long prompts, which are never streamed here; so they are not searched. */
const SEARCHED_BYTES = 16_384;

const [port = '0', paceMs = '8'] = process.argv.slice(2);
const frames = { plain: streamFrames(false), usage: streamFrames(true) };
const answerHead = { 'content-type': 'application/json', 'content-length': String(CHAT_ANSWER.length) };
const streamHead = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

const server = createServer({ keepAliveTimeout: 120_000, noDelay: true }, (request, response) => {
  /** @type {Buffer[]} */
  const parts = [];
  let size = 0;
  request.on('data', (part) => {
    size += part.length;
    if (size < SEARCHED_BYTES) parts.push(part);
  });
  request.on('end', () => {
    const body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    if (size >= SEARCHED_BYTES || !body?.includes('"stream":true')) {
      response.writeHead(200, answerHead).end(CHAT_ANSWER);
    } else {
      stream(response, body.includes('"include_usage":true') ? frames.usage : frames.plain);
    }
  });
});

/** @param {import('node:http').ServerResponse} response @param {Buffer[]} events */
function stream(response, events) {
  response.writeHead(200, streamHead);
  let next = 0;
  const timer = setInterval(() => {
    response.write(/** @type {Buffer} */ (events[next]));
    next += 1;
    if (next < events.length) return;
    clearInterval(timer);
    response.end();
  }, Number(paceMs));
  response.once('close', () => clearInterval(timer));
}

server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4_096 });
process.once('SIGTERM', () => process.exit(0));
