// Addresses of databases: made of parts, and compared.

/**
 * DATABASE_HOST, _PORT, _USERNAME, _PASSWORD, _NAME and _SCHEMA instead of one address.
 *
 * @param get reads a variable @returns undefined unless at least host and name are given
 */
export const databaseUrlFromParts = (get: (variable: string) => string | undefined): string | undefined => {
  const part = (name: string): string => encodeURIComponent(get(`DATABASE_${name}`) ?? '');
  const host = get('DATABASE_HOST');
  if (!host || part('NAME') === '') return undefined;
  const password = part('PASSWORD');
  const user = part('USERNAME') && `${part('USERNAME')}${password && `:${password}`}@`;
  const schema = part('SCHEMA') && `?schema=${part('SCHEMA')}`;
  return `postgresql://${user}${host}:${get('DATABASE_PORT') || '5432'}/${part('NAME')}${schema}`;
};

/** True for one database of one server, whoever logs in and how. */
export const isSameDatabase = (one: string, other: string): boolean =>
  URL.canParse(one) && URL.canParse(other) ? placeOf(new URL(one)) === placeOf(new URL(other)) : one === other;

const placeOf = ({ hostname, port, pathname }: URL): string => `${hostname}:${port || '5432'}${pathname}`;
