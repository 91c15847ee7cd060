// Who calls, as metrics tell callers apart: by their key, and by what the configuration adds to that.
import type { MetricsSettings } from '@turnpike/config';
import { customerOf } from '../pipeline/entry-of.js';
import type { Exchange, Principal } from '../pipeline/exchange.js';
import { CallerSeries, type CallSeries, type Labels } from './call-series.js';
import type { CallerBook } from './caller-book.js';
import type { CustomLabels } from './custom-labels.js';

/** Of calls' rows, so many are kept at hand. */
const MAX_SERIES_AT_HAND = 20_000;
const MAX_CALLERS_AT_HAND = 20_000;
/** Enough of a digest to tell keys apart. */
const HASH_LENGTH = 16;

/** Labels that a client can give any value; left empty where nobody is told them. */
export interface ToldLabels {
  readonly endUser: boolean;
  readonly clientIp: boolean;
  readonly userAgent: boolean;
}

export const toldLabelsIn = (shown: ReadonlySet<string>): ToldLabels => ({
  endUser: shown.has('end_user'),
  clientIp: shown.has('client_ip'),
  userAgent: shown.has('user_agent'),
});

export class Callers {
  private readonly known = new Map<string, CallerSeries>();
  private readonly varies: boolean;
  private size = 0;

  constructor(
    private readonly told: ToldLabels,
    private readonly custom: CustomLabels,
    private readonly book: CallerBook,
  ) {
    this.varies = told.endUser || told.clientIp || told.userAgent || custom.names.length > 0;
  }

  of(exchange: Exchange): CallerSeries {
    const { principal } = exchange;
    const keyHash = principal?.keyHash ?? '';
    if (this.varies) return this.ofVarying(exchange, keyHash);
    const known = this.known.get(keyHash);
    // A key that was asked for again may have another alias by now.
    return known?.principal === principal && known ? known : this.add(keyHash, principal, NO_MORE, known);
  }

  /** Rows are at hand from now on. */
  keep(caller: CallerSeries, requested: string, deploymentId: string, model: string, series: CallSeries): void {
    // What is in real use is back at once.
    if (this.size >= MAX_SERIES_AT_HAND) this.clear();
    this.size += 1;
    caller.set(requested, deploymentId, model, series);
  }

  /** The rows are gone, or may be. */
  clear(): void {
    this.known.clear();
    this.size = 0;
  }

  all(): Iterable<CallerSeries> {
    return this.known.values();
  }

  private ofVarying(exchange: Exchange, keyHash: string): CallerSeries {
    const { told, custom } = this;
    const { principal, headers, response } = exchange;
    const facts = principal && this.book.of(keyHash);
    const endUser = told.endUser ? (customerOf(exchange) ?? '') : '';
    const clientIp = told.clientIp ? (response.socket?.remoteAddress ?? '') : '';
    const userAgent = told.userAgent ? (headers['user-agent'] ?? '') : '';
    const values = custom.names.length > 0 ? custom.valuesOf(exchange, facts?.custom) : [];
    const key = [keyHash, endUser, clientIp, userAgent, ...values].join('\u0000');
    const known = this.known.get(key);
    if (known?.principal === principal && known) return known;
    const more: Record<string, string> = { end_user: endUser, client_ip: clientIp, user_agent: userAgent };
    custom.names.forEach((name, at) => (more[name] = values[at] ?? ''));
    return this.add(key, principal, more, known);
  }

  private add(
    key: string,
    principal: Principal | undefined,
    more: Labels,
    former: CallerSeries | undefined,
  ): CallerSeries {
    if (former) this.known.delete(key);
    if (this.known.size >= MAX_CALLERS_AT_HAND) this.clear();
    const caller = new CallerSeries(principal, { ...this.labelsOf(principal), ...more });
    this.known.set(key, caller);
    return caller;
  }

  private labelsOf(principal: Principal | undefined): Labels {
    if (!principal) return NO_MORE;
    const { keyHash, keyAlias, teamId, teamAlias = '', userId, organizationId = '' } = principal;
    const facts = this.book.of(keyHash);
    return {
      hashed_api_key: shortHash(keyHash),
      api_key_alias: keyAlias,
      team: teamId,
      team_alias: teamAlias,
      user: userId,
      user_email: facts?.userEmail ?? '',
      org_id: organizationId,
    };
  }
}

const NO_MORE: Labels = {};

export const shortHash = (keyHash: string): string => keyHash.slice(0, HASH_LENGTH);
