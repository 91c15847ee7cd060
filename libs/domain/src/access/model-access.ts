// One list of models, made ready to be asked about with every request.
import type { ModelList, ModelOwner } from './model-list.js';

/** What a gateway knows of the names that clients ask for. */
export interface ModelCatalog {
  /** Another one: what was answered before may be answered differently now. */
  readonly version: number;
  /** What a model group alias stands for, itself left out. */
  aliasTargets(name: string): readonly string[];
  /** The access groups that a model is in: `model_info.access_groups`. */
  accessGroups(name: string): readonly string[];
  /** The name with its providers before it: "gpt-4o" → "openai/gpt-4o". */
  prefixedForms(name: string): readonly string[];
  /** Whether a team has a model of this name for itself: `model_info.team_id`. */
  isOfTeam(name: string, teamId: string): boolean;
}

const NONE: readonly string[] = [];

/** Of a gateway that knows nothing but names. */
export const EMPTY_MODEL_CATALOG: ModelCatalog = {
  version: 0,
  aliasTargets: () => NONE,
  accessGroups: () => NONE,
  prefixedForms: () => NONE,
  isOfTeam: () => false,
};

/** Clients choose names freely, so what is remembered of them is bounded. */
const MAX_REMEMBERED = 64;
/** A refusal is one line of text, not the whole catalogue. */
const MAX_TOLD = 100;

/** Decides for one list. Names that stand in it cost one look-up; what wildcards and groups say is remembered. */
export class ModelMatcher {
  readonly owner: ModelOwner;
  private readonly names: ReadonlySet<string>;
  private readonly wildcards: readonly Wildcard[];
  private readonly isEverything: boolean;
  private remembered: Map<string, boolean> | undefined;
  /** Of the catalogue that it was remembered of. */
  private version: number;

  constructor(
    private readonly list: ModelList,
    private readonly catalog: ModelCatalog = EMPTY_MODEL_CATALOG,
  ) {
    this.owner = list.owner;
    this.version = catalog.version;
    this.names = new Set(list.models);
    this.isEverything = this.names.has('*');
    this.wildcards = list.models.filter((name) => name.includes('*')).map(readWildcard);
  }

  allows(model: string): boolean {
    if (this.isEverything || this.names.has(model)) return true;
    if (this.version !== this.catalog.version) {
      this.version = this.catalog.version;
      this.remembered = undefined;
    }
    const known = this.remembered?.get(model);
    if (known !== undefined) return known;
    const isAllowed = this.search(model);
    this.remember(model, isAllowed);
    return isAllowed;
  }

  /** What a caller is told whom the list refuses. */
  refusalOf(model: string): string {
    const { owner, models } = this.list;
    const told = models.slice(0, MAX_TOLD).map((name) => `'${name}'`);
    const more = models.length > MAX_TOLD ? `, and ${models.length - MAX_TOLD} more` : '';
    return (
      `${owner} not allowed to access model. This ${owner} can only access models=[${told.join(', ')}${more}]. ` +
      `Tried to access ${model}`
    );
  }

  private search(model: string): boolean {
    const { teamId } = this.list;
    if (teamId !== undefined && this.catalog.isOfTeam(model, teamId)) return true;
    return [model, ...this.catalog.aliasTargets(model)].some(
      (name) =>
        this.matches(name) ||
        this.catalog.accessGroups(name).some((group) => this.names.has(group)) ||
        // Of a bare name only wildcards mean its provider: "openai/gpt-4o" in a list is another name than "gpt-4o".
        this.catalog.prefixedForms(name).some((form) => this.fitsWildcard(form)),
    );
  }

  private matches(name: string): boolean {
    return this.names.has(name) || this.fitsWildcard(name);
  }

  private fitsWildcard(name: string): boolean {
    return this.wildcards.some((wildcard) => fits(wildcard, name));
  }

  private remember(model: string, isAllowed: boolean): void {
    this.remembered ??= new Map();
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    this.remembered.set(model, isAllowed);
  }
}

/** "a*b*c": what stands around the stars, in order. */
type Wildcard = readonly string[];

const readWildcard = (text: string): Wildcard => text.split('*');

/** In time proportional to the name, whatever the wildcard: no backtracking. */
const fits = (parts: Wildcard, name: string): boolean => {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
};

/** Whether "openai/*" fits "openai/gpt-4o". A text without a star fits itself. */
export const fitsModelWildcard = (wildcard: string, name: string): boolean =>
  wildcard.includes('*') ? fits(readWildcard(wildcard), name) : wildcard === name;
