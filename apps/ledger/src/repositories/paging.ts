// A page of a list: which order, which part, and how many there are in all.
import { accountNameSql, type AccountKind } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

export interface PageQuery {
  /** From 1. */
  page: number;
  /** 1 to 100; 0: 10. */
  size: number;
  /** Empty or absent: the newest first. */
  sortBy?: string;
  descending?: boolean;
}

export interface Page<Row> {
  rows: Row[];
  totalCount: number;
}

const LARGEST_PAGE = 100;
const USUAL_PAGE = 10;

/** Names that lists may be sorted by → expressions over the alias `t`. */
export type Sorts = Readonly<Record<string, string>>;

/** Records with an author may always be sorted by these. */
export const AUTHORED_SORTS: Sorts = { created_at: 't.createdAt', updated_at: 't.updatedAt' };

/** What was spent in the present period, for rows with the ids of such accounts in a column. */
export const spendOf = (kind: AccountKind, column: string): string =>
  `COALESCE((SELECT b.spent_nano FROM turnpike.balances b WHERE b.account = ${accountNameSql(kind, column)}), 0)`;

/** For ILIKE: anything that contains the text, of which no character means another. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** @throws GatewayError GW_INVALID_REQUEST for a page that cannot be */
export const limitsOf = ({ page, size }: PageQuery): { offset: number; limit: number } => {
  const limit = size === 0 ? USUAL_PAGE : size;
  if (!Number.isInteger(page) || page < 1) throw invalidRequest('page must be 1 or more.', 'page');
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE)
    throw invalidRequest(`size must be between 1 and ${LARGEST_PAGE}.`, 'size');
  return { offset: (page - 1) * limit, limit };
};

/**
 * @param builder over the alias `t`, filtered
 * @param identity the property that tells rows apart which are alike in the order; itself a sort by its column's name
 * @throws GatewayError GW_INVALID_REQUEST for an order that is not in `sorts`
 */
export const readPage = async <E extends ObjectLiteral>(
  builder: SelectQueryBuilder<E>,
  query: PageQuery,
  sorts: Sorts,
  identity: string,
): Promise<Page<E>> => {
  const { offset, limit } = limitsOf(query);
  const isSorted = query.sortBy !== undefined && query.sortBy !== '';
  const sortBy = isSorted ? query.sortBy! : 'created_at';
  if (!Object.hasOwn(sorts, sortBy))
    throw invalidRequest(`sort_by must be one of ${Object.keys(sorts).sort().join(', ')}.`, 'sort_by');
  const direction = !isSorted || query.descending ? 'DESC' : 'ASC';
  const totalCount = await builder.getCount();
  if (offset >= totalCount) return { rows: [], totalCount };
  const order = sorts[sortBy]!;
  // A column is ordered by as it is: selected under another name, it would be missing from the rows.
  if (/^t\.\w+$/.test(order)) builder.orderBy(order, direction, 'NULLS LAST');
  else builder.addSelect(order, 'sort_value').orderBy('sort_value', direction, 'NULLS LAST');
  const rows = await builder.addOrderBy(identity, direction).offset(offset).limit(limit).getMany();
  return { rows, totalCount };
};
