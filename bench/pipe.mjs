/**
 * The raw pipe: node:http in front, undici's dispatch behind, bytes handed on unseen. What a stream costs at least.
 * `node bench/pipe.mjs PORT UPSTREAM_PORT`
 */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [port = '0', upstreamPort = '0'] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 1_024, pipelining: 1 });

const server = createServer({ keepAliveTimeout: 120_000, noDelay: true }, (request, response) => {
  /** @type {Buffer[]} */
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-upstream' };
    pool.dispatch(
      { method: 'POST', path: request.url ?? '/', headers, body: Buffer.concat(parts) },
      handlerOf(response),
    );
  });
});

/** @param {import('node:http').ServerResponse} response @returns {import('undici').Dispatcher.DispatchHandler} */
const handlerOf = (response) => ({
  onRequestStart() {},
  onResponseStart(controller, statusCode, headers) {
    response.writeHead(statusCode, { 'content-type': String(headers['content-type']) });
    response.on('drain', () => controller.resume());
  },
  onResponseData(controller, chunk) {
    if (!response.write(chunk)) controller.pause();
  },
  onResponseEnd: () => void response.end(),
  onResponseError: (_controller, error) => void response.destroy(error),
});

server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4_096 });
process.once('SIGTERM', () => process.exit(0));
