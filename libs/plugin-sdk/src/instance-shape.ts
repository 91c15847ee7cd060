// What an instance of each contract must have. Types tell authors who write TypeScript; this tells hosts and test suites.
import type { ContractName, Contracts } from './contracts/index.js';
import type { AnyPlugin, Lifecycle } from './plugin.js';

type Presence = 'required' | 'optional';

/** A capability's functions by name. Where all are optional, one of them must be there. */
type Functions = Readonly<Record<string, Presence>>;

/** Where a capability comes in kinds, the one it names as its `kind` decides. */
type Shape = Functions | { readonly kinds: Readonly<Record<string, Functions>> };

type FunctionsOf<T> = {
  readonly [K in keyof T as NonNullable<T[K]> extends (...given: never[]) => unknown ? K : never]-?: Partial<
    Pick<T, K>
  > extends Pick<T, K>
    ? 'optional'
    : 'required';
};

type ShapeOf<T> = [T] extends [{ kind: string }]
  ? { readonly kinds: { readonly [K in T['kind']]: FunctionsOf<Extract<T, { kind: K }>> } }
  : FunctionsOf<T>;

const OPERATION = {
  kinds: {
    http: {
      endpoint: 'required',
      authorize: 'optional',
      toBody: 'required',
      adapt: 'optional',
      fromBody: 'required',
      decoder: 'optional',
      usage: 'optional',
      toError: 'required',
    },
    local: { respond: 'required', stream: 'optional' },
  },
} as const;

/** Typed so that a contract, a capability or a function left out does not compile. */
const SHAPES: {
  readonly [C in ContractName]: { readonly [K in keyof Contracts[C]]-?: ShapeOf<NonNullable<Contracts[C][K]>> };
} = {
  'provider/v1': {
    chat: OPERATION,
    completions: OPERATION,
    embeddings: OPERATION,
    models: { list: 'required' },
  },
  'strategy/v1': { select: { select: 'required' } },
  'cache/v1': {
    responses: {
      get: 'required',
      set: 'required',
      delete: 'required',
      flush: 'required',
      ping: 'required',
      info: 'optional',
    },
    similar: { find: 'required', learn: 'required' },
  },
  'callback/v1': {
    events: {
      onBeforeCall: 'optional',
      onAfterCall: 'optional',
      onStreamEvent: 'optional',
      onSuccess: 'optional',
      onFailure: 'optional',
      onAlert: 'optional',
    },
  },
  'guardrail/v1': {
    preCall: { check: 'required' },
    duringCall: { check: 'required' },
    postCall: { check: 'required', stream: 'optional' },
  },
};

const LIFECYCLE: FunctionsOf<Lifecycle> = { start: 'optional', stop: 'optional', health: 'optional' };

/** Capabilities that only help others: a plugin with nothing else can do nothing. */
const HELPERS: ReadonlySet<string> = new Set(['models', 'similar']);

const shapesOf = (contract: string): Readonly<Record<string, Shape>> =>
  Object.hasOwn(SHAPES, contract) ? SHAPES[contract as ContractName] : {};

/** Every contract that there is a shape for. */
export const contractNames = (): string[] => Object.keys(SHAPES);

/** All that instances of this contract may have; empty for an unknown contract. */
export const capabilitiesOf = (contract: string): string[] => Object.keys(shapesOf(contract));

/** Those of which a plugin of this contract must have one. */
export const workingCapabilitiesOf = (contract: string): string[] =>
  capabilitiesOf(contract).filter((name) => !HELPERS.has(name));

type Fields = Readonly<Record<string, unknown>>;

/**
 * What is wrong with what `init` returned, one clause each: `it declares 'models' and does not return it`. Empty when
 * it keeps its contract. Calls nothing of it.
 */
export const instanceProblems = (
  { contract, capabilities }: Pick<AnyPlugin, 'contract' | 'capabilities'>,
  made: unknown,
): string[] => {
  if (!isObject(made)) return [`init returned ${kindOf(made)}, not an object with ${quoted(capabilities)}`];
  if (typeof made['then'] === 'function') return ['init returned a promise; work that waits belongs in start'];
  const shapes = shapesOf(contract);
  return [
    ...capabilities.flatMap((name) =>
      made[name] === undefined
        ? [`it declares '${name}' and does not return it`]
        : capabilityProblems(name, made[name], shapes[name]),
    ),
    ...Object.keys(made)
      .filter((name) => !capabilities.includes(name) && !Object.hasOwn(LIFECYCLE, name))
      .map((name) => `it returns '${name}' and does not declare it`),
    ...functionProblems('', made, LIFECYCLE),
  ];
};

const capabilityProblems = (name: string, value: unknown, shape: Shape | undefined): string[] => {
  // One that the contract does not know is told of where the manifest is read.
  if (!shape) return [];
  if (!isObject(value)) return [`'${name}' is ${kindOf(value)}, not an object with functions`];
  if (!hasKinds(shape)) return [...functionProblems(`${name}.`, value, shape), ...emptiness(name, value, shape)];
  const kind = String(value['kind']);
  const functions = Object.hasOwn(shape.kinds, kind) ? shape.kinds[kind] : undefined;
  return functions
    ? functionProblems(`${name}.`, value, functions)
    : [`'${name}.kind' is '${kind}', not ${quoted(Object.keys(shape.kinds), 'or')}`];
};

const hasKinds = (shape: Shape): shape is Extract<Shape, { kinds: object }> => typeof shape['kinds'] === 'object';

const functionProblems = (path: string, value: Fields, functions: Functions): string[] =>
  Object.entries(functions).flatMap(([name, presence]) => {
    const given = value[name];
    if (typeof given === 'function' || (given === undefined && presence === 'optional')) return [];
    return [`'${path}${name}' is ${given === undefined ? 'missing' : `${kindOf(given)}, not a function`}`];
  });

const emptiness = (name: string, value: Fields, functions: Functions): string[] => {
  const names = Object.keys(functions);
  const isNeedless = names.some((one) => functions[one] === 'required' || value[one] !== undefined);
  return isNeedless ? [] : [`'${name}' has none of ${quoted(names)}`];
};

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const kindOf = (value: unknown): string => {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

const quoted = (names: readonly string[], last?: string): string => {
  const all = names.map((name) => `'${name}'`);
  return last === undefined ? all.join(', ') : all.join(` ${last} `);
};
