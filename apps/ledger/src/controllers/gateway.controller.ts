import { Controller, Inject } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import {
  BudgetEvent_Kind,
  Change_Kind,
  GatewayServiceDefinition,
  type AuthorizeCustomerRequest,
  type AuthorizeCustomerResponse,
  type AuthorizeEachRequest,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type AuthorizeSubjectRequest,
  type AuthorizeSubjectResponse,
  type AuthorizeTagRequest,
  type AuthorizeTagResponse,
  type BudgetEvent,
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
import { BoundedParties } from '../services/bounded-parties.js';
import { ConfigurationService } from '../services/configuration.service.js';
import { ChangeFeed, type ChangeBatch } from '../services/change-feed.js';
import { NOW, type Now } from '../services/ledger-settings.js';
import { merge } from '../services/merge.js';
import { RecallFeed } from '../services/recall-feed.js';
import type { Crossing, CrossingKind } from '../settlement/crossings.js';
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
  accessGroup: Change_Kind.ACCESS_GROUP,
};

@Controller()
export class GatewayController {
  constructor(
    private readonly authorizations: AuthorizeService,
    private readonly configuration: ConfigurationService,
    private readonly changes: ChangeFeed,
    private readonly bounded: BoundedParties,
    private readonly recalls: RecallFeed,
    private readonly desk: LeaseDesk,
    private readonly settlement: Settlement,
    @Inject(NOW) private readonly now: Now,
  ) {}

  @Rpc(GatewayServiceDefinition, 'authorize')
  authorize({ keyHash }: AuthorizeRequest): Promise<AuthorizeResponse> {
    return this.authorizations.authorize(keyHash);
  }

  @Rpc(GatewayServiceDefinition, 'authorizeEach')
  authorizeEach({ keyHash }: AuthorizeEachRequest): Promise<AuthorizeResponse> {
    return this.authorizations.authorize(keyHash);
  }

  @Rpc(GatewayServiceDefinition, 'authorizeSubject')
  authorizeSubject(request: AuthorizeSubjectRequest): Promise<AuthorizeSubjectResponse> {
    return this.authorizations.authorizeSubject(request);
  }

  @Rpc(GatewayServiceDefinition, 'authorizeCustomer')
  authorizeCustomer({ customerId }: AuthorizeCustomerRequest): Promise<AuthorizeCustomerResponse> {
    return this.authorizations.authorizeCustomer(customerId);
  }

  @Rpc(GatewayServiceDefinition, 'authorizeTag')
  authorizeTag({ tag }: AuthorizeTagRequest): Promise<AuthorizeTagResponse> {
    return this.authorizations.authorizeTag(tag);
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
        yield { sequence, changes: [], recalledAccounts: news, bounded: undefined, now: new Date(this.now()) };
        continue;
      }
      sequence = news.sequence;
      const changes = news.changes?.map(({ kind, id }) => ({ kind: KINDS[kind], id }));
      yield {
        sequence,
        changes: changes ?? [{ kind: Change_Kind.ALL, id: '' }],
        recalledAccounts: [],
        bounded: await this.bounded.after(news.changes),
        now: new Date(this.now()),
      };
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
  async settle({ entries }: SettleRequest): Promise<SettleResponse> {
    const { crossings = [], ...settled } = await this.settlement.settle(entries);
    return { ...settled, budgetEvents: crossings.map(toBudgetEvent) };
  }
}

const MARKS: Readonly<Record<CrossingKind, BudgetEvent_Kind>> = {
  'soft-budget': BudgetEvent_Kind.SOFT_BUDGET,
  threshold: BudgetEvent_Kind.THRESHOLD,
  'max-budget': BudgetEvent_Kind.MAX_BUDGET,
};

const toBudgetEvent = ({ kind, account, spent, max, soft, percent, resetAt }: Crossing): BudgetEvent => ({
  kind: MARKS[kind],
  account,
  spentNanoUsd: spent,
  maxNanoUsd: max,
  softNanoUsd: soft,
  percent: percent ?? 0,
  resetAt: resetAt === undefined ? undefined : new Date(resetAt),
});

const assertHolder = (holder: string): void => {
  if (holder === '' || holder.length > 256) throw invalidRequest('holder must have 1 to 256 characters.', 'holder');
};

const amountOf = (value: number, param: string): number => {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidRequest(`${param} must be a whole number, 0 or more.`, param);
};
