// What the specs of bad input share: raw sockets, the shape of an error, and the gateway's memory.
import { expect } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Json } from './client.js';
import { childrenOf, MASTER_KEY, type Gateway } from './harness.js';

export interface RawAnswers {
  /** All that came back. */
  text: string;
  /** Of each answer, in order. */
  statuses: number[];
  /** False: it was still open when we lost patience. */
  isClosed: boolean;
}

/** Writes bytes as they are, or lets the test write, and reads until the gateway closes or the test has had enough. */
export const raw = (
  { port }: Pick<Gateway, 'port'>,
  write: string | Buffer | ((socket: Socket) => void),
  { patienceMs = 5_000, isEnough = (_text: string): boolean => false } = {},
): Promise<RawAnswers> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const end = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({
        text,
        statuses: [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, code]) => Number(code)),
        isClosed,
      });
    };
    const timer = setTimeout(() => end(false), patienceMs);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (isEnough(text)) end(false);
    });
    // A reset is a close too.
    socket.on('error', () => undefined);
    socket.on('close', () => end(true));
    if (typeof write === 'function') write(socket);
    else socket.write(write);
  });

/** The head of a request, `host` and the key included; ends with the blank line. */
export const head = (line: string, headers: readonly string[] = [], key: string | null = MASTER_KEY): string =>
  [
    `${line} HTTP/1.1`,
    'host: gateway',
    ...(key === null ? [] : [`authorization: Bearer ${key}`]),
    ...headers,
    '',
    '',
  ].join('\r\n');

export const CHAT = '/v1/chat/completions';

/** A chat call as bytes. The connection closes afterwards unless the headers say otherwise. */
export const chatBytes = (body: object | string, headers: readonly string[] = ['connection: close']): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const length = `content-length: ${Buffer.byteLength(text)}`;
  return head(`POST ${CHAT}`, ['content-type: application/json', length, ...headers]) + text;
};

/** The JSON behind the last head. */
export const bodyOf = ({ text }: RawAnswers): Json => JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4));

export interface ExpectedError {
  message?: RegExp;
  type?: string;
  param?: string | null;
  code?: string;
}

/** The one shape of errors, with what this case says of it. */
export const expectError = (body: Json, status: number, expected: ExpectedError = {}): void => {
  expect(body).toEqual({
    error: {
      message: expected.message ? expect.stringMatching(expected.message) : expect.stringMatching(/\S/),
      type: expected.type ?? 'invalid_request_error',
      param: expected.param === undefined ? (body.error?.param ?? null) : expected.param,
      code: expected.code ?? String(status),
    },
  });
};

/** Of the gateway, not of the command that started it. */
export const gatewayPid = ({ pid }: Gateway): number => childrenOf(pid)[0] ?? pid;

/** The very process that was started still runs. */
export const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}/status`);

/** Resident memory of a process. */
export const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
