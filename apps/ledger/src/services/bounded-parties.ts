// Whether any customer or tag is bounded at all: gateways ask about those that calls name only where one is.
import { Inject, Injectable } from '@nestjs/common';
import type { Bounded } from '@turnpike/rpc';
import { DataSource } from 'typeorm';
import type { Change } from '../repositories/changes.js';
import { LEDGER_SETTINGS, type LedgerSettings } from './ledger-settings.js';

/** What this may change with. */
const KINDS: ReadonlySet<Change['kind']> = new Set(['all', 'customer', 'tag', 'budget']);

const HAS_TERMS = `budget_id IS NOT NULL OR max_budget_nano IS NOT NULL OR max_parallel_requests IS NOT NULL
  OR tpm_limit IS NOT NULL OR rpm_limit IS NOT NULL`;

const READ = `SELECT
  EXISTS (SELECT FROM turnpike.customers
           WHERE blocked OR allowed_model_region IS NOT NULL OR default_model IS NOT NULL OR ${HAS_TERMS}) AS customers,
  EXISTS (SELECT FROM turnpike.tags WHERE model_terms <> '{}' OR ${HAS_TERMS}) AS tags`;

@Injectable()
export class BoundedParties {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
  ) {}

  /** @param changes undefined: everything may have changed. @returns undefined: it is as before */
  async after(changes: readonly Change[] | undefined): Promise<Bounded | undefined> {
    if (changes && !changes.some(({ kind }) => KINDS.has(kind))) return undefined;
    const { max_end_user_budget_id: budgetId, max_end_user_budget: maxUsd } = this.settings;
    const [found] = await this.dataSource.query<[Bounded]>(READ);
    return { customers: found.customers || Boolean(budgetId) || maxUsd !== undefined, tags: found.tags };
  }
}
