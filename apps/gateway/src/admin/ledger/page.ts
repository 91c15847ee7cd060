// Pages of lists, as LiteLLM asks for them.
import type { PageInfo, PageRequest } from '@turnpike/rpc';
import { z } from '@turnpike/plugin-sdk';
import { inQuery } from './body.js';

/** For queries; `size` has another name in some of them. */
export const pageQuery = {
  page: inQuery.count('From 1'),
  sort_by: inQuery.text('A field to sort by; the newest first without one'),
  sort_order: z
    .enum(['asc', 'desc'], { error: 'must be asc or desc' })
    .optional()
    .describe('`asc`, or `desc`, which is usual'),
};

export interface AskedPage {
  page?: number;
  sort_by?: string;
  sort_order?: 'asc' | 'desc';
}

/** @param size 1 to 100 */
export const toPage = ({ page, sort_by: sortBy, sort_order: order }: AskedPage, size: number): PageRequest => ({
  page: page ?? 1,
  size,
  sortBy: sortBy ?? '',
  descending: order !== 'asc',
});

/** Where a list is told whole: as much at once as the ledger gives. */
const LARGEST_PAGE = 100;
/** Larger lists are for the routes that tell pages. */
const MOST_PAGES = 100;

/**
 * Every row of a list, page by page, up to 10,000.
 * @param read one page
 */
export const allPages = async <Row>(
  read: (page: PageRequest) => Promise<{ rows: readonly Row[]; page: PageInfo | undefined }>,
): Promise<Row[]> => {
  const rows: Row[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await read({ page, size: LARGEST_PAGE, sortBy: '', descending: true });
    rows.push(...answer.rows);
    if (page >= (answer.page?.totalPages ?? 0)) break;
  }
  return rows;
};
