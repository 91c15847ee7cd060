// Where the ledger listens, what protects it there, and what it says to tools.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, credentials, Metadata, status, type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  connectLedger,
  KeyServiceDefinition,
  type ConnectOptions,
  type GetKeyRequest,
  type GetKeyResponse,
  type LedgerClient,
} from '@turnpike/rpc';
import { service as healthService } from 'grpc-health-check';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import 'reflect-metadata';
import type { Callers } from './caller.js';
import { LedgerTransport, type LedgerTransportOptions } from './ledger-transport.js';
import { Rpc } from './rpc.decorator.js';

@Controller()
class KeyController {
  @Rpc(KeyServiceDefinition, 'getKey')
  getKey(_request: GetKeyRequest): GetKeyResponse {
    return { key: undefined };
  }
}

@Module({})
class LedgerModule {}

const callers: Callers = {
  identify: async (bearer) => (bearer === 'sk-admin' ? { kind: 'admin', keyHash: 'ab'.repeat(32) } : undefined),
};

/** Of a service that the library loaded. */
const methodOf = (service: unknown, name: string): MethodDefinition<object, object> =>
  (service as Record<string, MethodDefinition<object, object>>)[name]!;

const warnings: string[] = [];
const log: LedgerTransportOptions['log'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => void warnings.push(message),
  error: (message) => void warnings.push(message),
  child: () => log,
};

let folder: string;
const running: INestMicroservice[] = [];
const clients: { close(): void }[] = [];

const start = async (options: Omit<LedgerTransportOptions, 'callers' | 'log'>): Promise<LedgerTransport> => {
  const transport = new LedgerTransport({ callers, log, drainMs: 2_000, ...options });
  const module = { module: LedgerModule, controllers: [KeyController] };
  const application = await NestFactory.createMicroservice(module, { strategy: transport, logger: false });
  running.push(application);
  await application.listen();
  return transport;
};

const connect = (address = '', options: Partial<ConnectOptions> = {}): LedgerClient => {
  const client = connectLedger({ address, token: 'sk-admin', deadlineMs: 2_000, ...options });
  clients.push(client);
  return client;
};

const rawClient = (address = ''): Client => {
  const client = new Client(address, credentials.createInsecure());
  clients.push(client);
  return client;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-grpc-'));
  warnings.length = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const application of running.splice(0)) await application.close();
  rmSync(folder, { recursive: true });
});

describe('an address', () => {
  it.each([['0.0.0.0:0'], ['[::]:0'], ['192.0.2.1:50051'], ['ledger.internal:50051'], ['127.evil.example:1']])(
    'such as %s, which others can reach, is refused without TLS',
    async (address) => {
      await expect(start({ addresses: [address] })).rejects.toMatchObject({ code: 'GW_CONFIG_INVALID' });
    },
  );

  it('which others can reach is taken when the network is trusted', async () => {
    const { boundAddresses } = await start({ addresses: ['0.0.0.0:0'], grpcInsecure: true });
    const port = boundAddresses[0]?.split(':')[1];
    await expect(connect(`127.0.0.1:${port}`).keys.getKey({})).resolves.toEqual({ key: undefined });
  });

  it.each([[''], ['50051'], ['host'], ['host:port'], ['dns:///host:1'], ['127.0.0.1:70000'], ['unix:'], ['::1:50051']])(
    '%j is none',
    async (address) => {
      await expect(start({ addresses: [address], grpcInsecure: true })).rejects.toMatchObject({
        code: 'GW_CONFIG_INVALID',
      });
    },
  );

  it('that is taken stops the start', async () => {
    const { boundAddresses } = await start({ addresses: ['127.0.0.1:0'] });
    await expect(start({ addresses: [...boundAddresses] })).rejects.toThrow(/EADDRINUSE|address/i);
  });

  it('may be one of several', async () => {
    const socket = `unix:${join(folder, 'ledger.sock')}`;
    const { boundAddresses } = await start({ addresses: [socket, '127.0.0.1:0'] });
    expect(boundAddresses).toEqual([socket, expect.stringMatching(/^127\.0\.0\.1:[1-9]\d+$/)]);
    for (const address of boundAddresses)
      await expect(connect(address).keys.getKey({})).resolves.toEqual({ key: undefined });
  });
});

describe('a unix socket', () => {
  const socketPath = (): string => join(folder, 'ledger.sock');

  it('is for its own user alone, and gone after the end', async () => {
    const transport = await start({ addresses: [`unix:${socketPath()}`] });
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
    await transport.close();
    expect(existsSync(socketPath())).toBe(false);
  });

  it('that a killed ledger left behind is replaced', async () => {
    const program = `require('net').createServer().listen(${JSON.stringify(socketPath())}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', program])).toThrow();
    expect(existsSync(socketPath())).toBe(true);
    await start({ addresses: [`unix:${socketPath()}`] });
    await expect(connect(`unix:${socketPath()}`).keys.getKey({})).resolves.toEqual({ key: undefined });
  });

  it('that another ledger listens at is left to it', async () => {
    const other = createServer().listen(socketPath());
    await sleep(50);
    await expect(start({ addresses: [`unix:${socketPath()}`] })).rejects.toMatchObject({ code: 'GW_CONFIG_INVALID' });
    expect(existsSync(socketPath())).toBe(true);
    await new Promise((resolve) => other.close(resolve));
  });

  it('does not take the place of a file', async () => {
    writeFileSync(socketPath(), 'precious');
    await expect(start({ addresses: [`unix:${socketPath()}`] })).rejects.toMatchObject({ code: 'GW_CONFIG_INVALID' });
    expect(readFileSync(socketPath(), 'utf8')).toBe('precious');
  });
});

describe('TLS', () => {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const file = (name: string): Buffer => readFileSync(join(folder, name));
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

  /** `<name>.key` and `<name>.pem`, which nobody but itself vouches for. */
  const makeCertificate = (name: string): void => {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:ledger.test'];
    openssl('req', '-x509', ...newKey, ...subject, '-keyout', `${name}.key`, '-out', `${name}.pem`);
  };

  beforeEach(() => {
    for (const name of ['server', 'client', 'stranger']) makeCertificate(name);
  });

  const server = (): { certificate: Buffer; key: Buffer } => ({
    certificate: file('server.pem'),
    key: file('server.key'),
  });

  it('makes an address that others can reach acceptable', async () => {
    const { boundAddresses } = await start({ addresses: ['0.0.0.0:0'], tls: server() });
    const address = `127.0.0.1:${boundAddresses[0]?.split(':')[1]}`;
    await expect(connect(address, { tls: { ca: file('server.pem') } }).keys.getKey({})).resolves.toBeDefined();
    await expect(connect(address).keys.getKey({})).rejects.toMatchObject({ isAway: true });
    await expect(connect(address, { tls: { ca: file('stranger.pem') } }).keys.getKey({})).rejects.toMatchObject({
      isAway: true,
    });
  });

  it('is for the name in the certificate', async () => {
    const { boundAddresses } = await start({ addresses: ['127.0.0.1:0'], tls: server() });
    const named = (serverName: string): Promise<unknown> =>
      connect(boundAddresses[0], { tls: { ca: file('server.pem'), serverName } }).keys.getKey({});
    await expect(named('ledger.test')).resolves.toBeDefined();
    await expect(named('other.test')).rejects.toMatchObject({ isAway: true });
  });

  it('lets only known certificates in where it is asked to, and still asks for a key', async () => {
    const { boundAddresses } = await start({
      addresses: ['127.0.0.1:0'],
      tls: { ...server(), clientCa: file('client.pem') },
    });
    const call = (name: string, token = 'sk-admin'): Promise<unknown> => {
      const own = name === '' ? {} : { certificate: file(`${name}.pem`), key: file(`${name}.key`) };
      return connect(boundAddresses[0], { token, tls: { ca: file('server.pem'), ...own } }).keys.getKey({});
    };
    await expect(call('client')).resolves.toBeDefined();
    await expect(call('')).rejects.toMatchObject({ isAway: true });
    await expect(call('stranger')).rejects.toMatchObject({ isAway: true });
    await expect(call('client', 'sk-wrong')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('leaves the unix socket alone', async () => {
    const address = `unix:${join(folder, 'ledger.sock')}`;
    await start({ addresses: [address, '127.0.0.1:0'], tls: server() });
    await expect(connect(address).keys.getKey({})).resolves.toEqual({ key: undefined });
  });
});

describe('health', () => {
  const check = (address: string | undefined, service = ''): Promise<unknown> => {
    const { path, requestSerialize, responseDeserialize } = methodOf(healthService, 'Check');
    return new Promise((resolve) =>
      rawClient(address).makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, answer) =>
        resolve(error ? error.code : (answer as { status: unknown }).status),
      ),
    );
  };

  it('is told to everyone, for the ledger and for each service', async () => {
    const transport = await start({ addresses: ['127.0.0.1:0'] });
    const [address] = transport.boundAddresses;
    expect(await check(address)).toBe('SERVING');
    expect(await check(address, 'turnpike.ledger.v1.KeyService')).toBe('SERVING');
    expect(await check(address, 'turnpike.ledger.v1.NoService')).toBe(status.NOT_FOUND);
    transport.setServing(false);
    expect(await check(address)).toBe('NOT_SERVING');
  });

  it('is told to those who watch, up to the end, which they do not hold up', async () => {
    const transport = await start({ addresses: ['127.0.0.1:0'] });
    const { path, requestSerialize, responseDeserialize } = methodOf(healthService, 'Watch');
    const call = rawClient(transport.boundAddresses[0]).makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { service: '' },
    );
    const told: unknown[] = [];
    const over = new Promise<number>((resolve) =>
      call.on('error', (error) => resolve((error as { code: number } & Error).code)),
    );
    call.on('data', (answer: { status: unknown }) => told.push(answer.status));
    while (told.length === 0) await sleep(10);
    const startedAt = Date.now();
    await transport.close();
    expect(await over).toBe(status.UNAVAILABLE);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    expect(told).toEqual(['SERVING', 'NOT_SERVING']);
    expect(warnings).toEqual([]);
  });
});

describe('reflection', () => {
  const protos = new URL('../../../../node_modules/@grpc/reflection/build/proto/', import.meta.url).pathname;

  const ask = async (
    version: string,
    token: string,
    question: object,
    transport: LedgerTransport,
  ): Promise<unknown> => {
    const file = join(protos, `grpc/reflection/${version}/reflection.proto`);
    const loaded = loadSync(file, { keepCase: true, oneofs: true });
    const service = loaded[`grpc.reflection.${version}.ServerReflection`];
    const { path, requestSerialize, responseDeserialize } = methodOf(service, 'ServerReflectionInfo');
    const metadata = new Metadata();
    if (token !== '') metadata.set('authorization', `Bearer ${token}`);
    const client = rawClient(transport.boundAddresses[0]);
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    return new Promise((resolve) => {
      call.on('error', (error) => resolve((error as { code: number } & Error).code));
      call.on('data', (answer: unknown) => {
        resolve(answer);
        call.end();
      });
      call.write(question);
    });
  };

  it.each([['v1'], ['v1alpha']])('%s lists the services and describes their messages', async (version) => {
    const transport = await start({ addresses: ['127.0.0.1:0'] });
    const list = await ask(version, 'sk-admin', { list_services: '' }, transport);
    expect(list).toMatchObject({
      list_services_response: { service: expect.arrayContaining([{ name: 'turnpike.ledger.v1.KeyService' }]) },
    });
    const symbol = { file_containing_symbol: 'turnpike.ledger.v1.VirtualKey' };
    const described = await ask(version, 'sk-admin', symbol, transport);
    const files = (described as { file_descriptor_response: { file_descriptor_proto: Buffer[] } })
      .file_descriptor_response;
    expect(files.file_descriptor_proto.some((bytes) => bytes.includes('budget_windows'))).toBe(true);
  });

  it.each([['sk-wrong'], ['']])('says nothing to those who come with the key %j', async (token) => {
    const transport = await start({ addresses: ['127.0.0.1:0'] });
    expect(await ask('v1', token, { list_services: '' }, transport)).toBe(status.UNAUTHENTICATED);
  });

  it('survives bytes that are no question', async () => {
    const transport = await start({ addresses: ['127.0.0.1:0'] });
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer sk-admin');
    const asIs = (bytes: Buffer): Buffer => bytes;
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const call = rawClient(transport.boundAddresses[0]).makeBidiStreamRequest(path, asIs, asIs, metadata);
    const code = await new Promise((resolve) => {
      call.on('error', (error) => resolve((error as { code: number } & Error).code));
      call.write(Buffer.from([0xff, 0xff, 0xff]));
    });
    expect(code).toBe(status.INVALID_ARGUMENT);
    await expect(connect(transport.boundAddresses[0]).keys.getKey({})).resolves.toBeDefined();
  });
});

it('a controller for what is not in the contract stops the start', async () => {
  const strange = { fullName: 'turnpike.ledger.v1.StrangeService', methods: KeyServiceDefinition.methods };
  @Controller()
  class StrangeController {
    @Rpc(strange, 'getKey')
    getKey(_request: GetKeyRequest): GetKeyResponse {
      return { key: undefined };
    }
  }
  const transport = new LedgerTransport({ callers, log, addresses: ['127.0.0.1:0'] });
  const module = { module: LedgerModule, controllers: [StrangeController] };
  const application = await NestFactory.createMicroservice(module, { strategy: transport, logger: false });
  await expect(application.listen()).rejects.toThrow('turnpike.ledger.v1.StrangeService/getKey');
});
