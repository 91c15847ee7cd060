import { Controller } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import {
  Change_Kind,
  GatewayServiceDefinition,
  type AuthorizeCustomerRequest,
  type AuthorizeCustomerResponse,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type LeaseRequest,
  type LeaseResponse,
  type LoadConfigurationResponse,
  type SettleRequest,
  type SettleResponse,
  type WatchRequest,
  type WatchResponse,
} from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import type { Change } from '../repositories/changes.js';
import { AuthorizeService } from '../services/authorize.service.js';
import { ConfigurationService } from '../services/configuration.service.js';
import { ChangeFeed, type ChangeBatch } from '../services/change-feed.js';
import { merge } from '../services/merge.js';
import { RecallFeed } from '../services/recall-feed.js';
import { LeaseDesk } from '../settlement/lease-desk.js';
import { Settlement } from '../settlement/settlement.js';

/** Gateways take a ledger that is silent for longer for one that is away. */
const BEAT_MS = 5_000;

const KINDS: Readonly<Record<Change['kind'], Change_Kind>> = {
  all: Change_Kind.ALL,
  key: Change_Kind.KEY,
  team: Change_Kind.TEAM,
  user: Change_Kind.USER,
  organization: Change_Kind.ORGANIZATION,
  customer: Change_Kind.CUSTOMER,
  budget: Change_Kind.BUDGET,
  model: Change_Kind.MODEL,
  credential: Change_Kind.CREDENTIAL,
  setting: Change_Kind.SETTING,
  tag: Change_Kind.TAG,
  account: Change_Kind.ACCOUNT,
};

@Controller()
export class GatewayController {
  constructor(
    private readonly authorizations: AuthorizeService,
    private readonly configuration: ConfigurationService,
    private readonly changes: ChangeFeed,
    private readonly recalls: RecallFeed,
    private readonly desk: LeaseDesk,
    private readonly settlement: Settlement,
  ) {}

  @Rpc(GatewayServiceDefinition, 'authorize')
  authorize({ keyHash }: AuthorizeRequest): Promise<AuthorizeResponse> {
    return this.authorizations.authorize(keyHash);
  }

  @Rpc(GatewayServiceDefinition, 'authorizeCustomer')
  authorizeCustomer({ customerId }: AuthorizeCustomerRequest): Promise<AuthorizeCustomerResponse> {
    return this.authorizations.authorizeCustomer(customerId);
  }

  @Rpc(GatewayServiceDefinition, 'watch')
  async *watch({ since, holder }: WatchRequest, { signal }: RpcCall): AsyncGenerator<WatchResponse> {
    assertHolder(holder);
    let sequence = since;
    const told = merge<ChangeBatch | string[]>(
      this.changes.watch(since, signal, BEAT_MS),
      this.recalls.watch(holder, signal),
    );
    for await (const news of told) {
      if (Array.isArray(news)) {
        yield { sequence, changes: [], recalledAccounts: news };
        continue;
      }
      sequence = news.sequence;
      const changes = news.changes?.map(({ kind, id }) => ({ kind: KINDS[kind], id }));
      yield { sequence, changes: changes ?? [{ kind: Change_Kind.ALL, id: '' }], recalledAccounts: [] };
    }
  }

  @Rpc(GatewayServiceDefinition, 'loadConfiguration')
  loadConfiguration(): Promise<LoadConfigurationResponse> {
    return this.configuration.load();
  }

  @Rpc(GatewayServiceDefinition, 'lease')
  async lease({ holder, asks }: LeaseRequest): Promise<LeaseResponse> {
    assertHolder(holder);
    const grants = await this.desk.lease(
      holder,
      asks.map(({ account, neededNanoUsd, returnedNanoUsd }) => ({
        account,
        needed: amountOf(neededNanoUsd, 'needed_nano_usd'),
        returned: amountOf(returnedNanoUsd, 'returned_nano_usd'),
      })),
    );
    return {
      grants: grants.map(({ account, granted, max, spent, resetAt, retryAfterMs }) => ({
        account,
        grantedNanoUsd: granted,
        // Without a bound, nothing is ever refused.
        maxNanoUsd: max ?? Number.MAX_SAFE_INTEGER,
        spentNanoUsd: spent,
        resetAt: resetAt === undefined ? undefined : new Date(resetAt),
        retryAfterMs,
      })),
    };
  }

  @Rpc(GatewayServiceDefinition, 'settle')
  settle({ entries }: SettleRequest): Promise<SettleResponse> {
    return this.settlement.settle(entries);
  }
}

const assertHolder = (holder: string): void => {
  if (holder === '' || holder.length > 256) throw invalidRequest('holder must have 1 to 256 characters.', 'holder');
};

const amountOf = (value: number, param: string): number => {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidRequest(`${param} must be a whole number, 0 or more.`, param);
};
