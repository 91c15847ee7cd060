// Kinds of fields: what LiteLLM's JSON has for them, and what the ledger's messages have.
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { formatUsd, parseUsd } from '@turnpike/pricing';
import type { BudgetWindow, ModelTerms } from '@turnpike/rpc';
import { isUsd, must } from './body.js';

export interface Field {
  /** In the message, as an update mask names it: `budget.max_nano_usd`. */
  readonly path: string;
  /** Of what is sent, unless it is null. */
  readonly schema: z.ZodType;
  /** Of what is answered. */
  readonly answer: z.ZodType;
  /** Only answered. */
  readonly isReadOnly: boolean;
  /** Kept in `metadata`; answered where it is there. */
  readonly isFolded: boolean;
  /** What was sent, checked → what the message has. */
  read(json: unknown): unknown;
  /** What the message has → what is answered; undefined: nothing is. */
  write(value: unknown): JsonValue | undefined;
}

interface FieldParts<Json, Value> {
  path: string;
  schema: z.ZodType<Json>;
  answer?: z.ZodType;
  isReadOnly?: boolean;
  isFolded?: boolean;
  read?: (json: Json) => Value;
  write: (value: Value | undefined) => JsonValue | undefined;
}

const field = <Json, Value = Json>({
  path,
  schema,
  answer = schema.nullable(),
  isReadOnly = false,
  isFolded = false,
  read = (json) => json as unknown as Value,
  write,
}: FieldParts<Json, Value>): Field => ({
  path,
  schema,
  answer,
  isReadOnly,
  isFolded,
  read,
  write,
});

/** Exact: 0.1 is 100,000,000 nano-dollars. Texts are taken too, as LiteLLM takes them. */
export const toNano = (usd: string | number): number => parseUsd(usd);

/** The nearest number; up to 8 million dollars it reads back exactly. */
export const toUsd = (nano: number): number => Number(formatUsd(nano));

const USD = 'be an amount in US dollars, such as 12.5';
export const usdSchema = z
  .union([z.number(), z.string()], { error: must(USD) })
  .refine(isUsd, { error: must(`${USD}, and at most 9007199`) });

const COUNT = 'be a whole number';
export const countSchema = z.union([z.int(), z.string().regex(/^-?\d{1,15}$/)], { error: must(COUNT) });

const textSchema = z.string({ error: must('be a text') });
const textsSchema = z.array(textSchema, { error: must('be a list of texts') });
const flagSchema = z.boolean({ error: must('be true or false') });
export const objectSchema = z.record(z.string(), z.unknown(), { error: must('be an object') });

/** Null where there is none. */
export const text = (path: string): Field =>
  field<string>({ path, schema: textSchema, write: (value) => value || null });

/** One of a few words. */
export const word = (path: string, words: readonly [string, ...string[]]): Field =>
  field<string>({
    path,
    schema: z.enum(words, { error: must(`be one of ${words.join(', ')}`) }),
    write: (value) => value || null,
  });

export const texts = (path: string): Field =>
  field<string[]>({ path, schema: textsSchema, answer: textsSchema, write: (value) => value ?? [] });

/** Text by text. */
export const textMap = (path: string): Field => {
  const schema = z.record(z.string(), textSchema, { error: must('be an object of texts') });
  return field<Record<string, string>>({ path, schema, answer: schema, write: (value) => value ?? {} });
};

export const flag = (path: string): Field =>
  field<boolean>({ path, schema: flagSchema, answer: flagSchema, write: (value) => value ?? false });

export const count = (path: string): Field =>
  field<string | number, number>({
    path,
    schema: countSchema,
    answer: z.int().nullable(),
    read: Number,
    write: (value) => value ?? null,
  });

export const usd = (path: string): Field =>
  field<string | number, number>({
    path,
    schema: usdSchema,
    answer: z.number().nullable(),
    read: toNano,
    write: (value) => (value === undefined ? null : toUsd(value)),
  });

/** An open map. Empty where there is none. */
export const object = (path: string): Field =>
  field<Record<string, unknown>>({
    path,
    schema: objectSchema,
    answer: objectSchema,
    write: (value) => (value ?? {}) as JsonObject,
  });

/** An open map that is null where there is none. */
export const objectOrNull = (path: string): Field =>
  field<Record<string, unknown>>({
    path,
    schema: objectSchema,
    write: (value) => (value ?? null) as JsonObject | null,
  });

const readOnly = (path: string, answer: z.ZodType, write: (value: never) => JsonValue): Field =>
  field<unknown, never>({ path, schema: answer, answer, isReadOnly: true, write: write as () => JsonValue });

/** ISO 8601, or null. */
export const time = (path: string): Field =>
  readOnly(path, z.string().nullable(), (value?: Date) => value?.toISOString() ?? null);

/** Text that only the ledger sets. */
export const told = (path: string): Field => readOnly(path, z.string().nullable(), (value?: string) => value || null);

export const toldTexts = (path: string): Field =>
  readOnly(path, z.array(z.string()), (value?: string[]) => value ?? []);

export const toldCount = (path: string): Field => readOnly(path, z.int(), (value?: number) => value ?? 0);

export const toldFlag = (path: string): Field => readOnly(path, z.boolean(), (value?: boolean) => value ?? false);

/** What was spent, in dollars. */
export const spend = (path = 'spend_nano_usd'): Field =>
  readOnly(path, z.number(), (nano?: number) => toUsd(nano ?? 0));

/** What was spent, in dollars by name. */
export const spendMap = (path: string): Field =>
  readOnly(path, z.record(z.string(), z.number()), (value?: Record<string, number>) => mapValues(value ?? {}, toUsd));

const mapValues = <From, To>(map: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));

/** Kept in metadata under its own name, as LiteLLM does. */
export const folded = (name: string, schema: z.ZodType = z.unknown()): Field =>
  field<unknown>({
    path: `metadata.${name}`,
    schema,
    isFolded: true,
    write: (value) => (value ?? undefined) as JsonValue | undefined,
  });

export const foldedTexts = (name: string): Field => folded(name, textsSchema);
export const foldedFlag = (name: string): Field => folded(name, flagSchema);
export const foldedObject = (name: string): Field => folded(name, objectSchema);
export const foldedWord = (name: string, words: readonly [string, ...string[]]): Field =>
  folded(name, z.enum(words, { error: must(`be one of ${words.join(', ')}`) }));
/** A number that LiteLLM would also take as a text. */
export const foldedNumber = (name: string): Field => ({ ...folded(name, usdSchema), read: Number });
/** Limits by model. */
export const foldedCounts = (name: string): Field =>
  folded(name, z.record(z.string(), z.int({ error: must(COUNT) }), { error: must('be an object of whole numbers') }));

/** `{budget_limit, time_period}` or `{max_budget, budget_duration}`, both with limits; or an amount alone. */
const modelBudgetSchema = z.union(
  [
    usdSchema,
    z.looseObject({
      max_budget: usdSchema.nullish(),
      budget_limit: usdSchema.nullish(),
      budget_duration: textSchema.nullish(),
      time_period: textSchema.nullish(),
      rpm_limit: countSchema.nullish(),
      tpm_limit: countSchema.nullish(),
      max_parallel_requests: countSchema.nullish(),
    }),
  ],
  { error: must("be an object such as {'budget_limit': 5, 'time_period': '1d'}") },
);

type ModelBudgetJson = z.output<typeof modelBudgetSchema>;

const toModelTerms = (json: ModelBudgetJson): ModelTerms => {
  if (typeof json !== 'object') return { budget: { maxNanoUsd: toNano(json), resetAt: undefined }, limits: undefined };
  const max = json.max_budget ?? json.budget_limit;
  const duration = json.budget_duration ?? json.time_period;
  const limits = {
    rpm: toNumber(json.rpm_limit),
    tpm: toNumber(json.tpm_limit),
    maxParallelRequests: toNumber(json.max_parallel_requests),
  };
  const isBounded = (max ?? duration ?? undefined) !== undefined;
  return {
    budget: isBounded
      ? { maxNanoUsd: max == null ? undefined : toNano(max), duration: duration ?? undefined, resetAt: undefined }
      : undefined,
    limits: Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined,
  };
};

const toNumber = (value: string | number | null | undefined): number | undefined =>
  value == null ? undefined : Number(value);

/** In both spellings: scripts read back what they wrote. */
const fromModelTerms = ({ budget, limits }: ModelTerms): JsonObject => {
  const max = budget?.maxNanoUsd === undefined ? undefined : toUsd(budget.maxNanoUsd);
  const duration = budget?.duration;
  const { rpm, tpm, maxParallelRequests } = limits ?? {};
  return {
    ...(max === undefined ? {} : { max_budget: max, budget_limit: max }),
    ...(duration === undefined ? {} : { budget_duration: duration, time_period: duration }),
    ...(rpm === undefined ? {} : { rpm_limit: rpm }),
    ...(tpm === undefined ? {} : { tpm_limit: tpm }),
    ...(maxParallelRequests === undefined ? {} : { max_parallel_requests: maxParallelRequests }),
  };
};

/** Budgets and limits by model. */
export const modelTerms = (path: string): Field =>
  field<Record<string, ModelBudgetJson>, Record<string, ModelTerms>>({
    path,
    schema: z.record(z.string(), modelBudgetSchema, { error: must('be an object of budgets by model') }),
    answer: z.record(z.string(), objectSchema),
    read: (json) => mapValues(json, toModelTerms),
    write: (value) => mapValues(value ?? {}, fromModelTerms),
  });

const windowSchema = z.looseObject(
  { budget_duration: textSchema, max_budget: usdSchema },
  { error: must("be an object such as {'budget_duration': '1d', 'max_budget': 5}") },
);

/** Further budgets, in windows of their own. */
export const windows = (path: string): Field =>
  field<z.output<typeof windowSchema>[], BudgetWindow[]>({
    path,
    schema: z.array(windowSchema, { error: must('be a list of budgets') }),
    answer: z.array(windowSchema),
    read: (json) =>
      json.map(({ budget_duration: duration, max_budget: max }) => ({ duration, maxNanoUsd: toNano(max) })),
    write: (value) =>
      (value ?? []).map(({ duration, maxNanoUsd }) => ({ budget_duration: duration, max_budget: toUsd(maxNanoUsd) })),
  });
