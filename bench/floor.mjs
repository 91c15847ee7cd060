/**
 * The floor: a bare Fastify and undici forwarder that parses and writes again both ways, and does nothing else. What a
 * gateway of this make cannot go below if it looks into every body. `node bench/floor.mjs PORT UPSTREAM_PORT [PROCESSES]`
 */
import cluster from 'node:cluster';
import Fastify from 'fastify';
import { Pool } from 'undici';

const [port = '0', upstreamPort = '0', processes = '1'] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 1_024, pipelining: 1 });
const app = Fastify({ bodyLimit: 32 * 1_024 * 1_024, keepAliveTimeout: 120_000 });

app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

app.post('/v1/chat/completions', (request, reply) => {
  const body = JSON.parse(/** @type {Buffer} */ (request.body).toString());
  reply.hijack();
  pool.dispatch(
    {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-upstream' },
      body: JSON.stringify(body),
    },
    body.stream ? streamHandler(reply.raw) : wholeHandler(reply.raw),
  );
});

/** @param {import('node:http').ServerResponse} response @returns {import('undici').Dispatcher.DispatchHandler} */
function wholeHandler(response) {
  let status = 0;
  /** @type {Buffer[]} */
  const parts = [];
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode) {
      status = statusCode;
    },
    onResponseData(_controller, chunk) {
      parts.push(chunk);
    },
    onResponseEnd() {
      const body = JSON.stringify(JSON.parse(Buffer.concat(parts).toString()));
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    },
    onResponseError: (_controller, error) => fail(response, error),
  };
}

/** @param {import('node:http').ServerResponse} response @returns {import('undici').Dispatcher.DispatchHandler} */
function streamHandler(response) {
  const decoder = new TextDecoder();
  let rest = '';
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode) {
      response.writeHead(statusCode, { 'content-type': 'text/event-stream; charset=utf-8' });
    },
    onResponseData(_controller, chunk) {
      const events = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        const data = event.slice('data: '.length);
        response.write(`data: ${data === '[DONE]' ? data : JSON.stringify(JSON.parse(data))}\n\n`);
      }
    },
    onResponseEnd: () => void response.end(),
    onResponseError: (_controller, error) => fail(response, error),
  };
}

/** @param {import('node:http').ServerResponse} response @param {Error} error */
function fail(response, error) {
  if (response.headersSent) response.destroy(error);
  else response.writeHead(502).end(error.message);
}

if (cluster.isPrimary && Number(processes) > 1) {
  for (let index = 0; index < Number(processes); index += 1) cluster.fork();
} else {
  await app.listen({ port: Number(port), host: '127.0.0.1', backlog: 4_096 });
}
process.once('SIGTERM', () => process.exit(0));
