// What is asked of a caller again and again.
import { isAdminRole } from '@turnpike/domain';
import type { Caller } from '../grpc/caller.js';

export type { Caller };

/** Whom the master key belongs to. */
export const MASTER_USER_ID = 'default_user_id';

export const masterCaller = (keyHash: string, kind: Caller['kind'] = 'admin'): Caller => ({
  kind,
  keyHash,
  keyAlias: 'master',
  role: 'proxy_admin',
  userId: MASTER_USER_ID,
});

export const isAdmin = ({ role }: Caller): boolean => role === 'proxy_admin';

/** May see whatever there is. */
export const seesAll = ({ role }: Caller): boolean => role !== undefined && isAdminRole(role);

/** What anybody spent. */
export const seesAllSpend = (caller: Caller): boolean => seesAll(caller) || caller.seesAllSpend === true;

/** As records name their author. */
export const authorOf = ({ userId, keyHash }: Caller): string | null => userId || keyHash || null;
