// Pages of lists: from messages to queries and back.
import type { PageInfo, PageRequest } from '@turnpike/rpc';
import type { PageQuery } from '../repositories/paging.js';

const USUAL_SIZE = 10;

/** Absent: the first page. */
export const toPageQuery = (page: PageRequest | undefined): PageQuery => ({
  page: page?.page || 1,
  size: page?.size || USUAL_SIZE,
  sortBy: page?.sortBy,
  descending: page?.descending,
});

export const pageInfoOf = ({ page, size }: PageQuery, totalCount: number): PageInfo => ({
  totalCount,
  page,
  size,
  totalPages: Math.ceil(totalCount / size),
});
