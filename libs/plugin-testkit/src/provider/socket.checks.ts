// The whole road over a real socket: the request as it leaves, the answer as it arrives.
import type { Call } from '@turnpike/plugin-sdk';
import { check, fail, must, type Check } from '../check.js';
import { mustEqual } from '../json.js';
import { fakeUpstream, type FakeUpstream, type UpstreamAnswer } from '../upstream/fake-upstream.js';
import { sendTo } from '../upstream/send.js';
import { expectedFailure, type FixtureCase } from './fixtures.js';
import { canonicalRequest } from './requests.js';
import {
  callOf,
  httpOperation,
  joined,
  translatedBody,
  type AnyChunk,
  type AnyHttpOperation,
  type ProviderSubject,
} from './subject.js';

/** An odd size, so that pieces end inside lines and characters. */
const PIECE_BYTES = 61;

export const socketChecks = (subject: ProviderSubject, fixture: FixtureCase): Check[] => {
  if (expectedFailure(fixture)) return [];
  const { name, upstream, chunks } = fixture;
  const checks: Check[] = [];
  if (upstream !== undefined) {
    checks.push(
      check(`${name}/socket-answer`, 'sends the request and reads the answer over a socket', () =>
        onUpstream((server) => checkAnswer(new Road(subject, fixture, server, false))),
      ),
    );
  }
  if (chunks) {
    checks.push(
      check(`${name}/socket-stream`, 'sends the request and reads the stream over a socket', () =>
        onUpstream((server) => checkStream(new Road(subject, fixture, server, true), chunks)),
      ),
      check(`${name}/socket-abort`, 'reads no more once the call is aborted', () =>
        onUpstream((server) => checkAbort(new Road(subject, fixture, server, true), chunks)),
      ),
    );
  }
  return checks;
};

const onUpstream = async (body: (server: FakeUpstream) => Promise<void>): Promise<void> => {
  const server = await fakeUpstream();
  try {
    await body(server);
  } finally {
    await server.close();
  }
};

/** One call of a case, from the canonical request to the upstream and back. */
class Road {
  readonly operation: AnyHttpOperation;
  readonly call: Call;
  readonly controller = new AbortController();
  private readonly sent: { path: string; headers: Record<string, string>; body: unknown };
  private readonly request: { url: string; headers: Record<string, string>; body: Uint8Array };

  constructor(
    subject: ProviderSubject,
    readonly fixture: FixtureCase,
    readonly server: FakeUpstream,
    stream: boolean,
  ) {
    this.operation = httpOperation(subject, fixture);
    this.call = callOf(subject.plugin, fixture, { stream });
    const body = translatedBody(this.operation, canonicalRequest(fixture, this.operation.dialect), this.call);
    const endpoint = this.operation.endpoint(this.call);
    this.request = { ...endpoint, body: Buffer.from(JSON.stringify(body)) };
    const { pathname, search } = new URL(endpoint.url);
    this.sent = { path: `${pathname}${search}`, headers: endpoint.headers, body };
  }

  async send(answer: UpstreamAnswer) {
    this.server.answer(answer);
    const { signal } = this.controller;
    const response = await sendTo(this.server.origin, await this.authorized(signal));
    const received = this.server.requests[0] ?? fail('The upstream got no request.');
    mustEqual(JSON.parse(received.body), this.sent.body, 'The body that arrived differs');
    if (!this.operation.authorize) {
      mustEqual(received.path, this.sent.path, 'The path that arrived differs');
      for (const [header, value] of Object.entries(this.sent.headers)) {
        mustEqual(received.headers[header], value, `The header '${header}' that arrived differs`);
      }
    }
    return { response, received };
  }

  private async authorized(signal: AbortSignal) {
    const request = this.operation.authorize
      ? await this.operation.authorize(this.request, this.call, signal)
      : this.request;
    return { ...request, signal };
  }
}

const checkAnswer = async (road: Road): Promise<void> => {
  const { response } = await road.send({ body: Buffer.from(JSON.stringify(road.fixture.upstream)) });
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
  mustEqual(road.operation.fromBody(body as never, road.call), road.fixture.expected, 'The answer differs');
};

const piecesOf = (bytes: Uint8Array): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) pieces.push(bytes.subarray(at, at + PIECE_BYTES));
  return pieces;
};

const checkStream = async (road: Road, bytes: Uint8Array): Promise<void> => {
  const { response } = await road.send({ body: piecesOf(bytes) });
  const chunks: AnyChunk[] = [];
  const decoder = road.operation.decoder!(road.call, (chunk: AnyChunk) => chunks.push(chunk));
  for await (const piece of response) decoder.push(piece as Buffer);
  decoder.end();
  const expected = { ...(road.fixture.expected as object), extras: undefined };
  mustEqual(joined(road.fixture.operation, chunks), expected, 'The joined stream differs');
};

/** The upstream sends half and waits; the caller leaves at the first bytes. */
const checkAbort = async (road: Road, bytes: Uint8Array): Promise<void> => {
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  const { response, received } = await road.send({ body: half, ending: 'hold' });
  const chunks: AnyChunk[] = [];
  const decoder = road.operation.decoder!(road.call, (chunk: AnyChunk) => chunks.push(chunk));
  let afterAbort = 0;
  try {
    for await (const piece of response) {
      if (road.controller.signal.aborted) afterAbort += 1;
      decoder.push(piece as Buffer);
      road.controller.abort();
    }
  } catch (error) {
    must(road.controller.signal.aborted, `Reading failed before the abort: ${String(error)}`);
  }
  await received.closed;
  must(received.isAborted, 'The upstream was not told that the caller left.');
  must(afterAbort === 0, `${afterAbort} more pieces were read after the abort.`);
};
