// Which guardrails look at a call, and when: by default, by its key and team, its request, its model, its tags.
import type { GuardrailModes, GuardrailSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { PluginInstance } from '@turnpike/kernel';
import type { GuardrailMode } from '@turnpike/plugin-sdk';
import type { GuardrailTerms } from '../keys/guardrail-terms.js';
import type { Admitted } from '../pipeline/exchange.js';
import { askedOf, refuseChoice, type Asked } from './asked.js';
import type { ModelGuardrails } from './model-guardrails.js';

export interface ActiveGuardrail {
  readonly settings: GuardrailSettings;
  readonly instance: PluginInstance<'guardrail/v1'>;
}

/** In the order of the configuration. */
export interface Selection {
  readonly preCall: readonly ActiveGuardrail[];
  readonly duringCall: readonly ActiveGuardrail[];
  readonly postCall: readonly ActiveGuardrail[];
  /** For what callbacks and logs are told. */
  readonly logging: readonly ActiveGuardrail[];
  /** Of those that look at the call itself, each once. */
  readonly names: readonly string[];
  /** What the client says to them. */
  readonly asked: Asked | undefined;
}

const FEW: readonly never[] = [];

/** One for all calls that nobody looks at. */
export const NO_GUARDRAILS: Selection = {
  preCall: FEW,
  duringCall: FEW,
  postCall: FEW,
  logging: FEW,
  names: FEW,
  asked: undefined,
};

const LISTS = {
  pre_call: 'preCall',
  during_call: 'duringCall',
  post_call: 'postCall',
  logging_only: 'logging',
} as const satisfies Record<GuardrailMode, keyof Selection>;

/** Nobody asks for what is done to logs alone: it is done to the logs of every call. */
const LOGS = 'logging_only';

interface Wishes {
  readonly asked?: Asked | undefined;
  readonly terms?: GuardrailTerms | undefined;
  readonly ofModel?: readonly string[];
  readonly tags?: readonly string[];
}

export class Selector {
  private readonly names: ReadonlySet<string>;
  private readonly hasTags: boolean;
  /** Of calls without wishes, demands and tags. */
  private readonly usual: Selection;
  /** Of the same, by what their key demands. */
  private readonly byTerms = new WeakMap<GuardrailTerms, Selection>();

  constructor(
    private readonly all: readonly ActiveGuardrail[],
    private readonly ofModels?: ModelGuardrails,
  ) {
    this.names = new Set(all.map(({ settings }) => settings.name));
    this.hasTags = all.some(({ settings }) => Object.keys(settings.modes.byTag).length > 0);
    this.usual = this.make({});
  }

  /** @throws GW_INVALID_REQUEST, GW_PERMISSION_DENIED, GW_GUARDRAIL_BLOCKED for one that is needed and not there */
  select(exchange: Admitted): Selection {
    const { body, principal } = exchange;
    const terms = principal.terms?.guardrails;
    if (terms?.mayChoose === false) refuseChoice(body);
    const asked = askedOf(body);
    if (asked) this.refuseUnknown(asked);
    const ofModel = this.ofModels?.ofAll(exchange.resolution) ?? FEW;
    if (asked || ofModel.length > 0 || this.hasTags)
      return this.make({ asked, terms, ofModel, tags: exchange.tags ?? FEW });
    if (!terms) return this.usual;
    let known = this.byTerms.get(terms);
    if (!known) this.byTerms.set(terms, (known = this.make({ terms })));
    return known;
  }

  /** False: it asks for one that did not look at the call. A fallback may, whose model nobody thought of at first. */
  mayAnswer(exchange: Admitted, deploymentId: string): boolean {
    if (!this.ofModels) return true;
    return this.ofModels.of(deploymentId).every((name) => this.hasLooked(exchange, name));
  }

  private hasLooked(exchange: Admitted, name: string): boolean {
    if (exchange.guardrails?.names.includes(name)) return true;
    const tags = exchange.tags ?? FEW;
    return this.all.every(
      ({ settings }) => settings.name !== name || modesFor(settings.modes, tags).every((mode) => mode === LOGS),
    );
  }

  private make({ asked, terms, ofModel = FEW, tags = FEW }: Wishes): Selection {
    if (terms) this.refuseMissing(terms);
    const isNamed = (name: string): boolean =>
      asked?.has(name) === true || terms?.names.includes(name) === true || ofModel.includes(name);
    const isWanted = ({ name, defaultOn }: GuardrailSettings, mode: GuardrailMode): boolean =>
      isNamed(name) || (mode === LOGS ? !terms?.optedOut.includes(name) : defaultOn && !isOptedOut(name, terms));
    const lists = { preCall: [], duringCall: [], postCall: [], logging: [] } as Record<
      (typeof LISTS)[GuardrailMode],
      ActiveGuardrail[]
    >;
    const names = new Set<string>();
    for (const active of this.all) {
      const { settings } = active;
      for (const mode of modesFor(settings.modes, tags)) {
        if (!isWanted(settings, mode)) continue;
        lists[LISTS[mode]].push(active);
        if (mode !== LOGS) names.add(settings.name);
      }
    }
    if (names.size === 0 && lists.logging.length === 0) return NO_GUARDRAILS;
    return { ...lists, names: [...names], asked };
  }

  /** Whoever asks for protection must not go without. */
  private refuseUnknown(asked: Asked): void {
    for (const name of asked.keys()) {
      if (this.names.has(name)) continue;
      const message = `The guardrail '${name.slice(0, 100)}' is not configured. GET /guardrails/list names those that are.`;
      throw invalidRequest(message, 'guardrails');
    }
  }

  private refuseMissing({ names }: GuardrailTerms): void {
    const missing = names.find((name) => !this.names.has(name));
    if (missing === undefined) return;
    throw new GatewayError(
      'GW_GUARDRAIL_BLOCKED',
      `The guardrail '${missing.slice(0, 100)}', which this key or its team must not go without, is not configured.`,
    );
  }
}

const isOptedOut = (name: string, terms: GuardrailTerms | undefined): boolean =>
  terms !== undefined && (terms.isWithoutDefaults || terms.optedOut.includes(name));

/** Of all its tags together; a guardrail too many is safer than one too few. */
const modesFor = ({ default: usual, byTag }: GuardrailModes, tags: readonly string[]): readonly GuardrailMode[] => {
  const ofTags = tags.flatMap((tag) => (Object.hasOwn(byTag, tag) ? byTag[tag]! : []));
  return (ofTags.length === 0 ? usual : [...new Set(ofTags)]) as readonly GuardrailMode[];
};

/** What a client says to one of them. */
export const parametersFor = ({ asked }: Selection, name: string): Readonly<JsonObject> => asked?.get(name) ?? {};
