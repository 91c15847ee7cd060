// Names of accounts: what a balance is kept under, in the ledger and in what gateways ask of it.

export const ACCOUNT_KINDS = ['key', 'team', 'user', 'member', 'organization', 'customer', 'tag'] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/** Of all calls together. */
export const INSTALLATION_ACCOUNT = 'installation';

/** Stands before what an account is further bounded by: `key:<hash>|model:<name>`. */
const SEPARATOR = '|';
const ESCAPED = '%7C';

/**
 * `user:ada`; of a member `member:<team>:<user>`. Ids are their givers' choice, `auth0|5f7c` among them, and must not be
 * taken for a part behind an account.
 */
export const accountName = (kind: AccountKind, ...ids: readonly string[]): string => {
  const name = `${kind}:${ids.join(':')}`;
  return name.includes(SEPARATOR) ? name.replaceAll(SEPARATOR, ESCAPED) : name;
};

/** The same of a column, in SQL. */
export const accountNameSql = (kind: AccountKind, column: string): string =>
  `'${kind}:' || replace(${column}, '${SEPARATOR}', '${ESCAPED}')`;

/** What `accountName` was made of, as people read it. Undefined: of the installation. */
export const ownerOfAccount = (account: string): { kind: AccountKind; id: string } | undefined => {
  const [own = ''] = account.split(SEPARATOR);
  const kind = ACCOUNT_KINDS.find((one) => own.startsWith(`${one}:`));
  return kind && { kind, id: own.slice(kind.length + 1).replaceAll(ESCAPED, SEPARATOR) };
};
