/** A small HTTP/1.1 client over one kept-alive connection: what a load generator needs, and nothing it would have to pay for. */
import { connect } from 'node:net';

/**
 * @typedef {object} Receiver
 * @property {(bytes: Buffer) => void} [body] pieces of the decoded body, as they come
 * @property {(status: number) => void} end the answer is complete
 * @property {(error: Error) => void} fail the connection is gone; no `end` follows
 */

const HEAD_END = Buffer.from('\r\n\r\n');

/** Reads one answer after another from bytes cut anywhere. */
export class ResponseParser {
  /** @type {'head' | 'fixed' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers'} */
  #state = 'head';
  #status = 0;
  #left = 0;
  /** Bytes of an unfinished head or chunk-size line. @type {Buffer | undefined} */
  #held;

  /** @param {{ body: (bytes: Buffer) => void, end: (status: number) => void }} receiver */
  constructor(receiver) {
    this.receiver = receiver;
  }

  /** @param {Buffer} bytes @throws {Error} if they are not HTTP */
  push(bytes) {
    let rest = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = undefined;
    while (rest.length > 0) {
      const next = this.#step(rest);
      if (next === undefined) {
        this.#held = rest;
        return;
      }
      rest = next;
    }
  }

  /** @param {Buffer} bytes @returns {Buffer | undefined} what is left, or undefined if more must come first */
  #step(bytes) {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes);
      case 'fixed':
      case 'chunk-data': {
        const part = bytes.subarray(0, this.#left);
        this.#left -= part.length;
        this.receiver.body(part);
        if (this.#left === 0) {
          if (this.#state === 'fixed') this.#finish();
          else this.#state = 'chunk-end';
        }
        return bytes.subarray(part.length);
      }
      case 'chunk-size': {
        const end = bytes.indexOf('\r\n');
        if (end < 0) return undefined;
        this.#left = Number.parseInt(bytes.toString('latin1', 0, end), 16);
        if (Number.isNaN(this.#left)) throw new Error('no chunk size');
        this.#state = this.#left === 0 ? 'trailers' : 'chunk-data';
        return bytes.subarray(end + 2);
      }
      case 'chunk-end':
        if (bytes.length < 2) return undefined;
        this.#state = 'chunk-size';
        return bytes.subarray(2);
      case 'trailers': {
        const end = bytes.indexOf('\r\n');
        if (end < 0) return undefined;
        if (end === 0) this.#finish();
        return bytes.subarray(end + 2);
      }
    }
  }

  /** @param {Buffer} bytes */
  #head(bytes) {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return undefined;
    const head = bytes.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.')) throw new Error('no HTTP head');
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = 'chunk-size';
    } else {
      this.#left = Number(length ?? 0);
      if (this.#left === 0) this.#finish();
      else this.#state = 'fixed';
    }
    return bytes.subarray(end + HEAD_END.length);
  }

  #finish() {
    this.#state = 'head';
    this.receiver.end(this.#status);
  }
}

/**
 * @param {number} port on 127.0.0.1
 * @param {Receiver} receiver
 * @returns {Promise<{ send: (request: Buffer) => void, close: () => void }>}
 */
export const openConnection = (port, receiver) =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const parser = new ResponseParser({ body: receiver.body ?? (() => {}), end: receiver.end });
    let open = false;
    socket.on('data', (bytes) => {
      try {
        parser.push(bytes);
      } catch (error) {
        socket.destroy(/** @type {Error} */ (error));
      }
    });
    socket.once('connect', () => {
      open = true;
      resolve({
        send: (request) => void socket.write(request),
        close: () => {
          open = false;
          socket.destroy();
        },
      });
    });
    socket.once('error', lost);
    socket.once('close', () => lost(new Error('connection closed')));

    /** Before the connection stands this rejects; afterwards it is told once. @param {Error} error */
    function lost(error) {
      reject(error);
      if (open) receiver.fail(error);
      open = false;
    }
  });

/**
 * @param {number} port
 * @param {Record<string, string>} headers
 * @param {string} body
 */
export function chatRequest(port, headers, body) {
  const bytes = Buffer.from(body);
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': String(bytes.length),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]);
}
