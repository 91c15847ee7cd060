// What the names in aliases, unions and fallbacks stand for.
import type { Deployment } from '@turnpike/domain';
import type { DisabledDeployment } from './canonical.js';
import type { Diagnostics } from './diagnostics.js';
import type { Manifests } from './manifests.js';
import { suggestion } from './nearest.js';

export interface TargetSources {
  readonly deployments: readonly Deployment[];
  readonly disabled: readonly DisabledDeployment[];
  /** Names that aliases and unions define. */
  readonly otherNames: readonly string[];
  readonly manifests: Manifests;
  readonly diagnostics: Diagnostics;
  /** Makes a deployment of a known model whose provider has its key in the environment; undefined when it cannot. */
  readonly makeImplicit: (model: string) => Deployment | undefined;
  /** Models may be added at run time, so a name that is unknown now may be known later. */
  readonly mayGrow: boolean;
}

const toPattern = (modelName: string): RegExp =>
  new RegExp(
    `^${modelName
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

export class Targets {
  readonly implicit: Deployment[] = [];
  readonly #names: Set<string>;
  readonly #patterns: readonly RegExp[];
  readonly #byUpstream = new Map<string, string>();
  /** Group or upstream name → why it is off. */
  readonly #off = new Map<string, string>();
  readonly #warned = new Set<string>();

  constructor(private readonly sources: TargetSources) {
    const { deployments, disabled, otherNames, manifests } = sources;
    this.#names = new Set([...deployments.flatMap(({ modelName, id }) => [modelName, id]), ...otherNames]);
    this.#patterns = deployments
      .filter(({ modelName }) => modelName.includes('*'))
      .map(({ modelName }) => toPattern(modelName));
    for (const { modelName, model, provider } of deployments) {
      if (modelName.includes('*') || model.includes('*')) continue;
      const prefixes = manifests.byId(provider)?.prefixes ?? [];
      for (const name of [model, ...prefixes.map((prefix) => `${prefix}${model}`)]) {
        if (!this.#byUpstream.has(name)) this.#byUpstream.set(name, modelName);
      }
    }
    for (const { modelName, model, reason } of disabled) {
      const bare = manifests.byPrefix(model)?.model ?? model;
      for (const name of [bare, model, modelName]) this.#off.set(name, reason);
    }
  }

  /** A group, alias, union, deployment id, or a name that a wildcard takes. */
  has(name: string): boolean {
    return this.#names.has(name) || this.#patterns.some((pattern) => pattern.test(name));
  }

  /** An alias or union that came to nothing. */
  forget(name: string): void {
    this.#names.delete(name);
  }

  /**
   * The name to route to: as written when something has it, the group of a deployment with that upstream model, the
   * provider's wildcard, or a new deployment of a known model. Undefined, with a warning, when there is none.
   *
   * @param use what names it, for the warning: `fallbacks of gpt-4o`
   */
  resolve(name: string, use: string, where?: string): string | undefined {
    const found = this.#find(name) ?? this.#makeImplicit(name);
    if (found !== undefined) return found;
    return this.#giveUp(name, this.#whyNot(name), use, where);
  }

  /** As `resolve`, for the model that falls back: naming it does not make it one of ours. */
  resolveGroup(name: string, use: string, where?: string): string | undefined {
    return this.#find(name) ?? this.#giveUp(name, this.#whyOff(name) ?? this.#nobody(name), use, where);
  }

  #giveUp(name: string, why: string, use: string, where: string | undefined): string | undefined {
    const { diagnostics, mayGrow } = this.sources;
    const slip = `${name} ${where}`;
    if (this.#warned.has(slip)) return mayGrow ? name : undefined;
    this.#warned.add(slip);
    const effect = mayGrow ? 'It counts once a stored model has the name' : 'It is left out';
    diagnostics.doubt('unresolved', `${use}: '${name}' cannot be used: ${why} ${effect}.`, where);
    return mayGrow ? name : undefined;
  }

  #whyNot(name: string): string {
    const off = this.#whyOff(name);
    if (off !== undefined) return off;
    const { manifests } = this.sources;
    const provider = (manifests.byPrefix(name) ?? manifests.recognise(name))?.manifest;
    const [variable] = Object.keys(provider?.env ?? {});
    if (variable !== undefined) return `no entry of model_list has it, and ${variable} is not set.`;
    return this.#nobody(name);
  }

  #whyOff(name: string): string | undefined {
    const reason = this.#off.get(name);
    return reason === undefined ? undefined : `it is off (${reason}).`;
  }

  #nobody(name: string): string {
    return `no model has this name.${suggestion(name, [...this.#names, ...this.#byUpstream.keys()])}`;
  }

  #find(name: string): string | undefined {
    if (this.has(name)) return name;
    const group = this.#byUpstream.get(name);
    if (group !== undefined) return group;
    for (const prefix of this.sources.manifests.recognise(name)?.manifest.prefixes ?? []) {
      if (this.#patterns.some((pattern) => pattern.test(`${prefix}${name}`))) return `${prefix}${name}`;
    }
    return undefined;
  }

  /** A group that the file has and that is off stays off. */
  #makeImplicit(name: string): string | undefined {
    if (this.sources.disabled.some(({ modelName }) => modelName === name)) return undefined;
    const deployment = this.sources.makeImplicit(name);
    if (!deployment) return undefined;
    this.implicit.push(deployment);
    this.#names.add(name);
    return name;
  }
}
