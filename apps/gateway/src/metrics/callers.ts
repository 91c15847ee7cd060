// Who calls, as metrics tell callers apart: by their key, and by what the configuration adds to that.
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

/** One key, or none. */
interface Known {
  readonly principal: Principal | undefined;
  readonly custom: readonly (string | undefined)[] | undefined;
  /** The one there is, or, where more than the key tells callers apart, those there are by what does. */
  readonly series: CallerSeries | Map<string, CallerSeries>;
}

export class Callers {
  private readonly known = new Map<string, Known>();
  private readonly varies: boolean;
  private size = 0;
  private variants = 0;

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
    const found = this.known.get(keyHash);
    // A key that was asked for again may have another alias by now.
    const known = found?.principal === principal && found ? found : this.add(keyHash, principal);
    const { series } = known;
    return series instanceof Map ? this.variant(exchange, known, series) : series;
  }

  /** Its rows are at hand from now on. */
  keep(caller: CallerSeries, series: CallSeries): void {
    // What is in real use is back at once.
    if (this.size >= MAX_SERIES_AT_HAND) this.clear();
    this.size += 1;
    caller.add(series);
  }

  /** The rows are gone, or may be. */
  clear(): void {
    this.known.clear();
    this.size = 0;
    this.variants = 0;
  }

  *all(): Generator<CallerSeries> {
    for (const { series } of this.known.values()) {
      if (series instanceof Map) yield* series.values();
      else yield series;
    }
  }

  private add(keyHash: string, principal: Principal | undefined): Known {
    if (this.known.size >= MAX_CALLERS_AT_HAND) this.clear();
    const custom = principal && this.book.of(keyHash)?.custom;
    const series = this.varies
      ? new Map<string, CallerSeries>()
      : new CallerSeries(principal, this.labelsOf(principal));
    const known: Known = { principal, custom, series };
    this.known.set(keyHash, known);
    return known;
  }

  private variant(
    exchange: Exchange,
    { principal, custom: ofCaller }: Known,
    variants: Map<string, CallerSeries>,
  ): CallerSeries {
    const { told, custom } = this;
    const { headers } = exchange;
    const endUser = told.endUser ? (exchange.customer ?? '') : '';
    const clientIp = told.clientIp ? (exchange.clientAddress ?? '') : '';
    const userAgent = told.userAgent ? (headers['user-agent'] ?? '') : '';
    const values = custom.names.length > 0 ? custom.valuesOf(exchange, ofCaller) : NO_VALUES;
    let key = `${endUser}\u0000${clientIp}\u0000${userAgent}`;
    for (const value of values) key += `\u0000${value}`;
    const found = variants.get(key);
    if (found) return found;
    const more: Record<string, string> = { end_user: endUser, client_ip: clientIp, user_agent: userAgent };
    custom.names.forEach((name, at) => (more[name] = values[at] ?? ''));
    const caller = new CallerSeries(principal, { ...this.labelsOf(principal), ...more });
    if (this.variants >= MAX_CALLERS_AT_HAND) this.clear();
    this.variants += 1;
    variants.set(key, caller);
    return caller;
  }

  private labelsOf(principal: Principal | undefined): Labels {
    if (!principal) return NO_LABELS;
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

const NO_LABELS: Labels = {};
const NO_VALUES: readonly string[] = [];

export const shortHash = (keyHash: string): string => keyHash.slice(0, HASH_LENGTH);
