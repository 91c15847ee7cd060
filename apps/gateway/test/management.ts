// The management API over HTTP, in front of a ledger that answers as the spec says.
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import { GatewayError, toGatewayError } from '@turnpike/errors';
import {
  AccessGroupServiceDefinition,
  AuditServiceDefinition,
  BudgetServiceDefinition,
  CustomerServiceDefinition,
  KeyServiceDefinition,
  OrganizationServiceDefinition,
  SpendServiceDefinition,
  TagServiceDefinition,
  TeamServiceDefinition,
  UserServiceDefinition,
  type CallOptions,
  type MethodContract,
} from '@turnpike/rpc';
import 'reflect-metadata';
import { LEDGER_CONTROLLERS } from '../src/admin/ledger/ledger-controllers.js';
import { LedgerGuard } from '../src/admin/ledger/ledger.guard.js';
import { GatewayErrorFilter } from '../src/filters/gateway-error.filter.js';
import type { Runtime } from '../src/runtime/runtime.js';
import { RUNTIME } from '../src/runtime/tokens.js';

const SERVICES = {
  keys: KeyServiceDefinition,
  teams: TeamServiceDefinition,
  users: UserServiceDefinition,
  budgets: BudgetServiceDefinition,
  customers: CustomerServiceDefinition,
  organizations: OrganizationServiceDefinition,
  tags: TagServiceDefinition,
  spend: SpendServiceDefinition,
  accessGroups: AccessGroupServiceDefinition,
  audit: AuditServiceDefinition,
};

/** By "keys.getKey": parts of the answer, or what is thrown. */
export type Answers = Readonly<Record<string, (request: never) => object>>;

export interface Asked {
  method: string;
  /** As it went over the wire. */
  request: Record<string, unknown>;
  metadata: CallOptions['metadata'];
}

export interface Answered {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  headers: Record<string, unknown>;
}

export interface Management {
  readonly asked: Asked[];
  answers: Answers;
  send(verb: string, url: string, body?: unknown, key?: string): Promise<Answered>;
  close(): Promise<void>;
}

/** Every key of the form `sk-…` is known, and its hash is `hash of sk-…`. */
const keys = {
  authenticateKey: ({ authorization }: { authorization?: string }) => {
    if (!authorization) throw new GatewayError('GW_NO_KEY', 'No key.');
    return { keyHash: `hash of ${authorization.replace('Bearer ', '')}` };
  },
};

const overWire = (type: MethodContract['requestType'], message: object): unknown =>
  type.decode(type.encode(type.fromPartial(message)).finish());

export const aManagement = async ({ hasLedger = true } = {}): Promise<Management> => {
  const asked: Asked[] = [];
  const management: { answers: Answers } = { answers: {} };
  const services = Object.fromEntries(
    Object.entries(SERVICES).map(([service, { methods }]) => [
      service,
      Object.fromEntries(
        Object.entries(methods as Record<string, MethodContract>).map(([name, { requestType, responseType }]) => [
          name,
          (partial: object, options?: CallOptions) => {
            const method = `${service}.${name}`;
            const request = overWire(requestType, partial);
            asked.push({ method, request: request as Asked['request'], metadata: options?.metadata });
            const answer = management.answers[method];
            if (!answer) throw new Error(`nobody expects ${method}`);
            return overWire(responseType, answer(request as never));
          },
        ]),
      ),
    ]),
  );
  const runtime = {
    config: { auth: { isOpen: true }, deployments: [] },
    keys,
    ledger: hasLedger ? { client: services } : undefined,
    toError: toGatewayError,
  } as unknown as Runtime;

  @Module({ controllers: LEDGER_CONTROLLERS, providers: [LedgerGuard, { provide: RUNTIME, useValue: runtime }] })
  class Managed {}

  const application = await NestFactory.create<NestFastifyApplication>(Managed, new FastifyAdapter(), {
    logger: false,
  });
  application.useGlobalFilters(new GatewayErrorFilter(runtime));
  await application.init();
  await application.getHttpAdapter().getInstance().ready();
  return Object.assign(management, {
    asked,
    send: async (verb: string, url: string, body?: unknown, key = 'sk-admin') => {
      const { statusCode, payload, headers } = await application.inject({
        method: verb as 'POST',
        url,
        headers: key ? { authorization: `Bearer ${key}` } : {},
        ...(body !== undefined && { payload: body as object }),
      });
      return { status: statusCode, body: JSON.parse(payload) as unknown, headers };
    },
    close: () => application.close(),
  });
};
