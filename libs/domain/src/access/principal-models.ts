// All lists of models that hold for one caller, and the names it calls models by.
import { EMPTY_MODEL_CATALOG, ModelMatcher, type ModelCatalog } from './model-access.js';
import type { ModelList, ModelOwner } from './model-list.js';

export interface ModelRefusal {
  owner: ModelOwner;
  /** `error.type`, as LiteLLM names it: "key_model_access_denied". */
  type: string;
  message: string;
}

/** Most callers have none, and there are many callers. */
const NO_ALIASES: ReadonlyMap<string, string> = new Map();

/** Made once for a caller and a configuration; asked with every request. */
export class PrincipalModels {
  private readonly matchers: readonly ModelMatcher[];
  private readonly aliases: ReadonlyMap<string, string>;

  /**
   * @param lists every one of them must allow a model
   * @param ownAliases of the caller: asked for → really used
   */
  constructor(
    private readonly lists: readonly ModelList[],
    private readonly ownAliases: Readonly<Record<string, string>> = {},
    private readonly catalog: ModelCatalog = EMPTY_MODEL_CATALOG,
  ) {
    this.matchers = lists.map((list) => new ModelMatcher(list, catalog));
    const aliases = Object.entries(ownAliases);
    this.aliases = aliases.length === 0 ? NO_ALIASES : new Map(aliases);
  }

  /** The same, and every one of these must allow a model, too. */
  alsoIn(lists: readonly (readonly string[])[]): PrincipalModels {
    if (lists.length === 0) return this;
    const others = lists.map((models): ModelList => ({ owner: 'key', models }));
    return new PrincipalModels([...this.lists, ...others], this.ownAliases, this.catalog);
  }

  /** The model that is meant. */
  resolve(asked: string): string {
    return this.aliases.get(asked) ?? asked;
  }

  /**
   * Undefined: allowed. The list of the key may have the name asked for or the one it stands for. The lists of all
   * others must have the one it stands for: who holds a key may give it aliases, and those must open nothing.
   */
  refusalOf(asked: string): ModelRefusal | undefined {
    const meant = this.resolve(asked);
    for (const matcher of this.matchers) {
      if (matcher.allows(meant)) continue;
      if (matcher.owner === 'key' && meant !== asked && matcher.allows(asked)) continue;
      return {
        owner: matcher.owner,
        type: `${matcher.owner}_model_access_denied`,
        message: matcher.refusalOf(asked),
      };
    }
    return undefined;
  }

  allows(asked: string): boolean {
    return this.refusalOf(asked) === undefined;
  }
}
