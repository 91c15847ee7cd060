// Headers that choose features of the upstream's API, as lists with commas. A client's always travel on.

export const FEATURE_HEADERS: readonly string[] = ['anthropic-beta'];

/** One list of all, each feature once, in the order in which they were first named. Undefined: there are none. */
export const joinFeatures = (...lists: readonly (string | undefined)[]): string | undefined => {
  const given = lists.filter((list) => list !== undefined);
  if (given.length < 2) return given[0];
  const names = given.flatMap((list) => list.split(',')).map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))].join(',') || undefined;
};
