// The lists of models of keys, teams, users, organisations and projects, as operators write them.

/** Stands in a key's list for the list of its team. */
export const ALL_TEAM_MODELS = 'all-team-models';
/** Whatever there is. */
export const ALL_PROXY_MODELS = 'all-proxy-models';
/** Nothing but what a team allows. */
export const NO_DEFAULT_MODELS = 'no-default-models';

export const MODEL_OWNERS = ['key', 'team', 'user', 'org', 'project', 'member'] as const;
export type ModelOwner = (typeof MODEL_OWNERS)[number];

/** A list that a model must be found in. Empty: no model is. */
export interface ModelList {
  readonly owner: ModelOwner;
  /** Names, wildcards, access groups; no special names. */
  readonly models: readonly string[];
  /** The models that only this team has are in it, too. */
  readonly teamId?: string | undefined;
}

/**
 * A list as it was written, with the special names resolved. An empty list restricts nothing.
 * @param teamModels the list of the key's team, as written; undefined: the key has none
 * @returns undefined: every model is allowed
 */
export const resolveModelList = (
  models: readonly string[],
  teamModels?: readonly string[],
): readonly string[] | undefined => {
  if (models.length === 0 || models.includes(ALL_PROXY_MODELS)) return undefined;
  const named = models.filter((name) => name !== NO_DEFAULT_MODELS && name !== ALL_TEAM_MODELS);
  if (!models.includes(ALL_TEAM_MODELS)) return named;
  const ofTeam = resolveModelList((teamModels ?? []).filter((name) => name !== ALL_TEAM_MODELS));
  return ofTeam && [...new Set([...named, ...ofTeam])];
};
