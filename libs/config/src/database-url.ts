// DATABASE_HOST, _PORT, _USERNAME, _PASSWORD, _NAME and _SCHEMA instead of one address.

/** @param get reads a variable @returns undefined unless at least host and name are given */
export const databaseUrlFromParts = (get: (variable: string) => string | undefined): string | undefined => {
  const part = (name: string): string => encodeURIComponent(get(`DATABASE_${name}`) ?? '');
  const host = get('DATABASE_HOST');
  if (!host || part('NAME') === '') return undefined;
  const password = part('PASSWORD');
  const user = part('USERNAME') && `${part('USERNAME')}${password && `:${password}`}@`;
  const schema = part('SCHEMA') && `?schema=${part('SCHEMA')}`;
  return `postgresql://${user}${host}:${get('DATABASE_PORT') || '5432'}/${part('NAME')}${schema}`;
};
