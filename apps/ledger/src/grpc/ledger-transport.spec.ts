import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { credentials, Client, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GatewayError } from '@turnpike/errors';
import {
  connectLedger,
  GatewayServiceDefinition,
  KeyServiceDefinition,
  type AuthorizeEachRequest,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type DeleteKeysRequest,
  type DeleteKeysResponse,
  type GetKeyRequest,
  type GetKeyResponse,
  type LedgerClient,
  type ListKeyAliasesRequest,
  type ListKeyAliasesResponse,
  type WatchRequest,
  type WatchResponse,
} from '@turnpike/rpc';
import { setTimeout as sleep } from 'node:timers/promises';
import 'reflect-metadata';
import type { RpcCall } from './call.js';
import type { Caller, Callers } from './caller.js';
import { LedgerTransport, type LedgerTransportOptions } from './ledger-transport.js';
import { Rpc } from './rpc.decorator.js';

const GATEWAY_TOKEN = 'gateway-token';
const ADMIN_KEY = 'sk-admin';
const USER_HASH = 'ab'.repeat(32);

class KnownCallers implements Callers {
  readonly asked: [string, string | undefined][] = [];

  async identify(bearer: string, onBehalfOf?: string): Promise<Caller | undefined> {
    this.asked.push([bearer, onBehalfOf]);
    if (bearer === 'broken') throw new Error('password of the database');
    if (bearer === 'away') throw new GatewayError('GW_LEDGER_UNAVAILABLE', 'No database.', { retryAfterMs: 2_000 });
    if (bearer === ADMIN_KEY) return { kind: 'admin', keyHash: 'cd'.repeat(32), role: 'proxy_admin' };
    if (bearer !== GATEWAY_TOKEN) return undefined;
    if (onBehalfOf === undefined) return { kind: 'gateway' };
    return onBehalfOf === USER_HASH
      ? { kind: 'gateway', keyHash: onBehalfOf, role: 'internal_user', userId: 'u1' }
      : undefined;
  }
}

/** What reached the controllers, and how their calls ended. */
const seen = { calls: [] as RpcCall[], ended: [] as string[], requests: [] as unknown[] };

const waitFor = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

@Controller()
class KeyController {
  @Rpc(KeyServiceDefinition, 'getKey')
  async getKey({ key }: GetKeyRequest, call: RpcCall): Promise<GetKeyResponse> {
    seen.calls.push(call);
    if (key === 'slow') {
      await waitFor(call.signal);
      seen.ended.push((call.signal.reason as Error).message);
    }
    if (key === 'late') await sleep(300);
    if (key === 'stubborn') await sleep(1_500);
    return { key: undefined };
  }

  @Rpc(KeyServiceDefinition, 'deleteKeys')
  deleteKeys({ keys: [what = ''] }: DeleteKeysRequest): Promise<DeleteKeysResponse> {
    if (what === 'unknown') throw new GatewayError('GW_NOT_FOUND', `There is no key '${what}'.`, { param: 'keys[0]' });
    if (what === 'crash') throw new TypeError('the secret of a customer');
    if (what === 'half')
      throw new GatewayError('GW_INVALID_REQUEST', `${'x'.repeat(1_999)}\u{1f600}`, { param: '\ud83d' });
    return Promise.resolve(what === 'unsafe' ? ({} as DeleteKeysResponse) : { deletedKeys: [what] });
  }

  @Rpc(KeyServiceDefinition, 'listKeyAliases')
  listKeyAliases(request: ListKeyAliasesRequest): ListKeyAliasesResponse {
    seen.requests.push(request);
    const aliases = request.search === 'large' ? ['x'.repeat(17 * 1024 * 1024)] : ['a', 'größe'];
    return { aliases, page: { totalCount: Number.MAX_SAFE_INTEGER, page: 1, size: 2, totalPages: 1 } };
  }
}

@Controller()
class GatewayController {
  @Rpc(GatewayServiceDefinition, 'authorize')
  async authorize(_request: AuthorizeRequest, call: RpcCall): Promise<AuthorizeResponse> {
    seen.calls.push(call);
    return { principal: undefined, sequence: 7 };
  }

  @Rpc(GatewayServiceDefinition, 'authorizeEach')
  async authorizeEach({ keyHash }: AuthorizeEachRequest, call: RpcCall): Promise<AuthorizeResponse> {
    seen.requests.push(keyHash);
    if (keyHash === 'unknown') throw new GatewayError('GW_NOT_FOUND', 'Nobody.', { param: 'key_hash' });
    if (keyHash === 'crash') throw new TypeError('the secret of a customer');
    if (keyHash === 'late') await sleep(300);
    if (keyHash === 'slow') {
      await waitFor(call.signal);
      seen.ended.push('ask');
    }
    return { principal: undefined, sequence: keyHash.length };
  }

  @Rpc(GatewayServiceDefinition, 'watch')
  async *watch({ since }: WatchRequest, call: RpcCall): AsyncGenerator<WatchResponse> {
    const message = (sequence: number): WatchResponse => ({
      sequence,
      changes: [],
      recalledAccounts: [],
      bounded: undefined,
      now: undefined,
    });
    try {
      if (since === 5) for (let sequence = 1; sequence <= 3; sequence += 1) yield message(sequence);
      else if (since === 6) {
        yield message(1);
        throw new GatewayError('GW_INVALID_REQUEST', 'Never heard of.');
      } else if (since === 9) {
        const recalledAccounts = ['x'.repeat(100_000)];
        for (let sequence = 1; !call.signal.aborted; sequence += 1) {
          seen.requests.push(sequence);
          yield { sequence, changes: [], recalledAccounts, bounded: undefined, now: undefined };
        }
      } else {
        yield message(1);
        await waitFor(call.signal);
      }
    } finally {
      seen.ended.push('watch');
    }
  }
}

@Module({})
class LedgerModule {}

let application: INestMicroservice;
let transport: LedgerTransport;
let callers: KnownCallers;
let logged: [string, Record<string, unknown> | undefined][];
const clients: (LedgerClient | Client)[] = [];

const log: LedgerTransportOptions['log'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => void logged.push([message, fields]),
  error: (message, fields) => void logged.push([message, fields]),
  child: () => log,
};

const start = async (options: Partial<LedgerTransportOptions> = {}): Promise<void> => {
  transport = new LedgerTransport({ addresses: ['127.0.0.1:0'], callers, log, drainMs: 700, ...options });
  const module = { module: LedgerModule, controllers: [KeyController, GatewayController] };
  application = await NestFactory.createMicroservice(module, { strategy: transport, logger: false });
  await application.listen();
};

const connect = (token: string): LedgerClient => {
  const client = connectLedger({ address: transport.boundAddresses[0] ?? '', token, deadlineMs: 3_000 });
  clients.push(client);
  return client;
};

/** A caller without manners: any metadata, any bytes. */
const callRaw = (
  path: string,
  metadata: Record<string, string>,
  body: Buffer = Buffer.alloc(0),
): Promise<ServiceError | Buffer> => {
  const client = new Client(transport.boundAddresses[0] ?? '', credentials.createInsecure());
  clients.push(client);
  const head = new Metadata();
  for (const [name, value] of Object.entries(metadata)) head.set(name, value);
  const asIs = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) =>
    client.makeUnaryRequest(path, asIs, asIs, body, head, { deadline: Date.now() + 5_000 }, (error, answer) =>
      resolve(error ?? answer ?? Buffer.alloc(0)),
    ),
  );
};

const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !holds(); tries += 1) await sleep(10);
  expect(holds()).toBe(true);
};

beforeEach(async () => {
  callers = new KnownCallers();
  logged = [];
  Object.assign(seen, { calls: [], ended: [], requests: [] });
  await start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await application.close();
});

describe('a call reaches its controller', () => {
  it('with its message, and its answer comes back whole', async () => {
    const answer = await connect(ADMIN_KEY).keys.listKeyAliases({ search: 'größe', page: { size: 2 } });
    expect(seen.requests).toMatchObject([{ search: 'größe', page: { size: 2, sortBy: '' } }]);
    expect(answer).toEqual({
      aliases: ['a', 'größe'],
      page: { totalCount: Number.MAX_SAFE_INTEGER, page: 1, size: 2, totalPages: 1 },
    });
  });

  it('with who calls, when they give up, and what else they said', async () => {
    const before = Date.now();
    await connect(GATEWAY_TOKEN).keys.getKey(
      { key: '' },
      { metadata: { 'x-turnpike-caller': USER_HASH, 'litellm-changed-by': 'ann' }, deadlineMs: 2_000 },
    );
    const [call] = seen.calls;
    expect(call?.caller).toEqual({ kind: 'gateway', keyHash: USER_HASH, role: 'internal_user', userId: 'u1' });
    expect(Math.abs((call?.deadline?.getTime() ?? 0) - before - 2_000)).toBeLessThan(500);
    expect([call?.header('litellm-changed-by'), call?.header('x-other')]).toEqual(['ann', undefined]);
  });

  it('and streams until it ends', async () => {
    const sequences: number[] = [];
    for await (const { sequence } of connect(GATEWAY_TOKEN).gateway.watch({ since: 5 })) sequences.push(sequence);
    expect(sequences).toEqual([1, 2, 3]);
    expect(seen.ended).toEqual(['watch']);
  });

  it('unless nobody handles it', async () => {
    await expect(connect(ADMIN_KEY).keys.listKeys({})).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  });
});

describe('who may call', () => {
  const getKey = '/turnpike.ledger.v1.KeyService/GetKey';
  const authorize = '/turnpike.ledger.v1.GatewayService/Authorize';
  const bearer = (token: string, caller?: string): Record<string, string> => ({
    authorization: `Bearer ${token}`,
    ...(caller === undefined ? {} : { 'x-turnpike-caller': caller }),
  });

  it.each<[string, string, Record<string, string>, status]>([
    ['an admin may administer', getKey, bearer(ADMIN_KEY), status.OK],
    ['a gateway may administer on behalf of a key', getKey, bearer(GATEWAY_TOKEN, USER_HASH), status.OK],
    ['a gateway may not administer for itself', getKey, bearer(GATEWAY_TOKEN), status.PERMISSION_DENIED],
    [
      'a gateway may not speak for a key that is unknown',
      getKey,
      bearer(GATEWAY_TOKEN, '0'.repeat(64)),
      status.UNAUTHENTICATED,
    ],
    ['a gateway is asked for a hash, not for a key', getKey, bearer(GATEWAY_TOKEN, 'sk-1'), status.INVALID_ARGUMENT],
    ['a gateway may ask what gateways ask', authorize, bearer(GATEWAY_TOKEN), status.OK],
    ['an admin is no gateway', authorize, bearer(ADMIN_KEY), status.PERMISSION_DENIED],
    ['a wrong token is nobody', authorize, bearer('wrong'), status.UNAUTHENTICATED],
    ['no token is nobody', getKey, {}, status.UNAUTHENTICATED],
    ['an empty token is nobody', getKey, { authorization: 'Bearer ' }, status.UNAUTHENTICATED],
    ['another scheme is nobody', getKey, { authorization: `Basic ${ADMIN_KEY}` }, status.UNAUTHENTICATED],
    ['a token with more behind it is nobody', getKey, bearer(`${ADMIN_KEY} x`), status.UNAUTHENTICATED],
    ['the scheme may be written in lower case', getKey, { authorization: `bearer ${ADMIN_KEY}` }, status.OK],
  ])('%s', async (_title, path, metadata, code) => {
    const answer = await callRaw(path, metadata);
    expect(Buffer.isBuffer(answer) ? status.OK : answer.code).toBe(code);
    expect(seen.calls).toHaveLength(code === status.OK ? 1 : 0);
  });

  it('is told in the terms of HTTP as well', async () => {
    await expect(connect('wrong').keys.getKey({})).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      details: { errorCode: 'GW_INVALID_KEY', httpStatus: 401 },
    });
  });

  it('is decided before a message is read', async () => {
    const answer = await callRaw(getKey, bearer('wrong'), Buffer.alloc(20 * 1024 * 1024, 0xff));
    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('is nobody with a token of a thousand characters, who is not even looked up', async () => {
    expect(await callRaw(getKey, bearer('x'.repeat(5_000)))).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(callers.asked).toEqual([]);
  });

  it('cannot be known while the database is away, which is not the same as nobody', async () => {
    await expect(connect('away').keys.getKey({})).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      isAway: true,
      details: { errorCode: 'GW_LEDGER_UNAVAILABLE', httpStatus: 503, retryAfterMs: 2_000 },
    });
  });

  it('is not told what went wrong inside', async () => {
    const error = await connect('broken')
      .keys.getKey({})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INTERNAL', details: { errorCode: 'GW_INTERNAL' }, isAway: false });
    expect(String(error)).not.toContain('password');
    expect(logged).toMatchObject([
      [expect.any(String), { call: getKey, error: new Error('password of the database') }],
    ]);
  });
});

describe('an error of a controller', () => {
  const remove = (key: string): Promise<unknown> => connect(ADMIN_KEY).keys.deleteKeys({ keys: [key] });

  it('of ours arrives with its facts', async () => {
    await expect(remove('unknown')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: "There is no key 'unknown'.",
      details: { errorCode: 'GW_NOT_FOUND', httpStatus: 404, param: 'keys[0]' },
    });
    expect(logged).toEqual([]);
  });

  it('of another kind is logged, and says nothing', async () => {
    const error = await remove('crash').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INTERNAL', details: { errorCode: 'GW_INTERNAL', httpStatus: 500 } });
    expect(String(error)).not.toContain('secret');
    expect(logged).toMatchObject([[expect.any(String), { error: new TypeError('the secret of a customer') }]]);
  });

  it('is one as well when the answer cannot be written', async () => {
    await expect(remove('unsafe')).rejects.toMatchObject({ code: 'INTERNAL', details: { errorCode: 'GW_INTERNAL' } });
    expect(logged).toHaveLength(1);
  });

  it('with half a character in its message arrives nevertheless', async () => {
    await expect(remove('half')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { httpStatus: 400 } });
  });

  it('in a stream comes behind what was sent', async () => {
    const sequences: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { sequence } of connect(GATEWAY_TOKEN).gateway.watch({ since: 6 })) sequences.push(sequence);
    };
    await expect(read()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: 'Never heard of.' });
    expect(sequences).toEqual([1]);
  });
});

describe('a caller who is gone', () => {
  it('because the deadline passed is told to the controller', async () => {
    const answer = connect(ADMIN_KEY).keys.getKey({ key: 'slow' }, { deadlineMs: 100 });
    await expect(answer).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await until(() => seen.ended.length === 1);
    expect(logged).toEqual([]);
  });

  it('because they gave up is told to the controller', async () => {
    const giveUp = new AbortController();
    const answer = connect(ADMIN_KEY).keys.getKey({ key: 'slow' }, { signal: giveUp.signal });
    await until(() => seen.calls.length === 1);
    giveUp.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
    await until(() => seen.ended.length === 1);
  });

  it('ends the stream they read', async () => {
    for await (const { sequence } of connect(GATEWAY_TOKEN).gateway.watch({})) if (sequence === 1) break;
    await until(() => seen.ended.length === 1);
    expect(logged).toEqual([]);
  });

  it('or does not read is not written to without end', async () => {
    const stream = connect(GATEWAY_TOKEN).gateway.watch({ since: 9 })[Symbol.asyncIterator]();
    await stream.next();
    await sleep(300);
    expect(seen.requests.length).toBeLessThan(200);
    await stream.return?.();
    await until(() => seen.ended.length === 1);
  });
});

describe('what no honest client sends', () => {
  const path = '/turnpike.ledger.v1.KeyService/ListKeyAliases';
  const authorization = `Bearer ${ADMIN_KEY}`;

  it.each<[string, Buffer, number]>([
    ['bytes that are no message', Buffer.from([0xff, 0xff, 0xff, 0xff]), status.INVALID_ARGUMENT],
    ['a message that is cut off', Buffer.from([0x12, 0x7f, 0x61]), status.INVALID_ARGUMENT],
    ['a message that is too large', Buffer.alloc(17 * 1024 * 1024), status.RESOURCE_EXHAUSTED],
  ])('%s is refused', async (_title, body, code) => {
    expect(await callRaw(path, { authorization }, body)).toMatchObject({ code });
    expect(seen.requests).toEqual([]);
  });

  it('an integer beyond those that a number holds is refused rather than rounded', async () => {
    const reset = '/turnpike.ledger.v1.GatewayService/Watch';
    const body = Buffer.from([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    const answer = await callRaw(reset, { authorization: `Bearer ${GATEWAY_TOKEN}` }, body);
    expect(answer).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('an answer that is too large is refused by the one who asked, and hurts nobody else', async () => {
    const client = connect(ADMIN_KEY);
    await expect(client.keys.listKeyAliases({ search: 'large' })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await expect(client.keys.listKeyAliases({})).resolves.toMatchObject({ aliases: ['a', 'größe'] });
  });

  it.each([[100_000], [1_000_000]])('metadata of %d bytes reaches nobody, and the ledger goes on', async (size) => {
    const answer = await callRaw(path, { authorization, 'x-much': 'x'.repeat(size) });
    expect(answer).toBeInstanceOf(Error);
    expect(seen.requests).toEqual([]);
    await expect(connect(ADMIN_KEY).keys.listKeyAliases({})).resolves.toMatchObject({ aliases: ['a', 'größe'] });
  });

  it('a path that is none is not implemented', async () => {
    expect(await callRaw('/x/y', { authorization })).toMatchObject({ code: status.UNIMPLEMENTED });
  });
});

describe('asks over one stream', () => {
  const asking = (client: LedgerClient) => async (keyHash: string) =>
    (await client.gateway.authorizeEach({ keyHash })).sequence;

  it('are answered each by itself', async () => {
    const ask = asking(connect(GATEWAY_TOKEN));
    const answered: number[] = [];
    await Promise.all(['late', 'a', 'bb'].map(async (keyHash) => answered.push(await ask(keyHash))));
    expect(answered).toEqual([1, 2, 4]);
    expect(callers.asked).toHaveLength(1);
  });

  it('fail each by itself', async () => {
    const ask = asking(connect(GATEWAY_TOKEN));
    const outcomes = await Promise.allSettled(['unknown', 'crash', 'a'].map(ask));
    expect(outcomes).toMatchObject([
      { reason: { code: 'NOT_FOUND', details: { errorCode: 'GW_NOT_FOUND', httpStatus: 404, param: 'key_hash' } } },
      { reason: { code: 'INTERNAL', message: 'The ledger failed to handle this call.' } },
      { value: 1 },
    ]);
    expect(logged.map(([message]) => message)).toEqual(['A call failed for a reason that is not the caller’s.']);
  });

  it('take a gateway token', async () => {
    await expect(asking(connect(ADMIN_KEY))('a')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('may be many', async () => {
    const ask = asking(connect(GATEWAY_TOKEN));
    const answers = await Promise.all(Array.from({ length: 5_000 }, () => ask('late')));
    expect(answers.every((sequence) => sequence === 4)).toBe(true);
  });

  it('that cannot be read end the stream, with an error that says so', async () => {
    const client = new Client(transport.boundAddresses[0] ?? '', credentials.createInsecure());
    clients.push(client);
    const head = new Metadata();
    head.set('authorization', `Bearer ${GATEWAY_TOKEN}`);
    const asIs = (bytes: Buffer): Buffer => bytes;
    const stream = client.makeBidiStreamRequest(
      `/${GatewayServiceDefinition.fullName}/AuthorizeEach`,
      asIs,
      asIs,
      head,
    );
    const failed = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    stream.on('data', () => undefined);
    stream.write(Buffer.from([0x0a, 0xff]));
    expect(await failed).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('cannot be read'),
    });
  });

  it('are told nothing any more once their caller is gone', async () => {
    const client = connect(GATEWAY_TOKEN);
    const waiting = asking(client)('slow');
    waiting.catch(() => undefined);
    await until(() => seen.requests.includes('slow'));
    client.close();
    await until(() => seen.ended.includes('ask'));
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('are answered before the ledger ends, and the stream is over then', async () => {
    const ask = asking(connect(GATEWAY_TOKEN));
    const late = ask('late');
    await until(() => seen.requests.includes('late'));
    const closed = application.close();
    expect(await late).toBe(4);
    await closed;
    await expect(ask('a')).rejects.toMatchObject({ isAway: true });
  });
});

describe('the end', () => {
  it('waits for calls that are being answered, and lets no new one in', async () => {
    const client = connect(ADMIN_KEY);
    const late = client.keys.getKey({ key: 'late' });
    await until(() => seen.calls.length === 1);
    const closed = transport.close();
    await expect(late).resolves.toEqual({ key: undefined });
    await closed;
    await expect(client.keys.getKey({})).rejects.toMatchObject({ isAway: true });
    expect(logged).toEqual([]);
  });

  it('ends streams at once, so that gateways turn to another', async () => {
    const stream = connect(GATEWAY_TOKEN).gateway.watch({})[Symbol.asyncIterator]();
    await stream.next();
    const startedAt = Date.now();
    const next = stream.next();
    const closed = transport.close();
    await expect(next).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { errorCode: 'GW_DRAINING' },
      isAway: true,
    });
    await closed;
    expect(Date.now() - startedAt).toBeLessThan(500);
    await until(() => seen.ended.length === 1);
    expect(logged).toEqual([]);
  });

  it('comes after its time, whoever does not want to', async () => {
    const stubborn = connect(ADMIN_KEY).keys.getKey({ key: 'stubborn' });
    stubborn.catch(() => undefined);
    await until(() => seen.calls.length === 1);
    const startedAt = Date.now();
    await transport.close();
    expect(Date.now() - startedAt).toBeLessThan(1_400);
    await expect(stubborn).rejects.toMatchObject({ isAway: true });
    expect(logged).toHaveLength(1);
  });

  it('may be asked for twice', async () => {
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
  });
});
