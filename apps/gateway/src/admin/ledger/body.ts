// Bodies and queries, checked: what is wrong is named, with how to mend it. What was sent is never quoted: it may be a key.
import { invalidRequest } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import { parseUsd } from '@turnpike/pricing';

/** For a schema's `error`: "must be a text". */
export const must =
  (what: string) =>
  ({ input }: { input?: unknown }): string =>
    input === undefined ? `is missing: it must ${what}` : `must ${what}`;

/** Unknown fields are ignored, as LiteLLM does. @throws GW_INVALID_REQUEST naming the field */
export const readBody = <S extends z.ZodType>(schema: S, body: unknown): z.output<S> =>
  read(schema, body ?? {}, 'The body must be a JSON object.');

/** @throws GW_INVALID_REQUEST naming the parameter */
export const readQuery = <S extends z.ZodType>(schema: S, query: unknown): z.output<S> =>
  read(schema, query ?? {}, 'The query cannot be read.');

const read = <S extends z.ZodType>(schema: S, value: unknown, otherwise: string): z.output<S> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = innermost(result.error.issues[0]!);
  const param = writePath(path);
  throw param === '' ? invalidRequest(otherwise) : invalidRequest(`'${param}' ${message}.`, param);
};

type Issue = z.core.$ZodIssue;

/** Where there were several ways to say it, what was nearest to one of them. */
const innermost = (issue: Issue): Pick<Issue, 'path' | 'message'> => {
  if (issue.code !== 'invalid_union') return issue;
  const nearest = issue.errors
    .flatMap(([first]) => (first ? [innermost(first)] : []))
    .reduce<Pick<Issue, 'path' | 'message'>>((best, one) => (one.path.length > best.path.length ? one : best), {
      path: [],
      message: issue.message,
    });
  return { path: [...issue.path, ...nearest.path], message: nearest.message };
};

/** `keys[0].max_budget` */
const writePath = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');

export const isUsd = (value: string | number): boolean => {
  try {
    parseUsd(value);
    return true;
  } catch {
    return false;
  }
};

/** What callers must send and may not leave empty. */
export const required = z.string({ error: must('be a text') }).min(1, { error: 'must not be empty' });
/** Null is as good as absent. */
export const optional = z.string({ error: must('be a text') }).nullish();
export const names = z.array(required, { error: must('be a list of texts') });
/** Of a body that must be an object and may hold anything else. */
export const bodyOf = <S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$loose> =>
  z.looseObject(shape, { error: must('be a JSON object') });

/** Parameters of a query; all may be left out. An empty one is as good as absent. */
export const inQuery = {
  text: (meaning: string): z.ZodOptional<z.ZodString> =>
    z
      .string({ error: must('be given once') })
      .optional()
      .describe(meaning),
  texts: (meaning: string): z.ZodType<string[] | undefined> =>
    z
      .union([z.string(), z.array(z.string())])
      .transform((value) => [value].flat().flatMap((one) => one.split(',').filter((name) => name !== '')))
      .optional()
      .describe(`${meaning}; several with commas between them`),
  flag: (meaning: string): z.ZodOptional<z.ZodCodec<z.ZodString, z.ZodBoolean>> =>
    z
      .stringbool({ error: must('be true or false') })
      .optional()
      .describe(meaning),
  count: (meaning: string): z.ZodType<number | undefined, string | undefined> =>
    z
      .string({ error: must('be a whole number') })
      .regex(/^\d{1,9}$/, { error: must('be a whole number') })
      .transform(Number)
      .optional()
      .describe(meaning),
  amount: (meaning: string): z.ZodOptional<z.ZodString> =>
    z
      .string({ error: must('be an amount in US dollars') })
      .refine(isUsd, { error: must('be an amount in US dollars, such as 12.5') })
      .optional()
      .describe(meaning),
  day: (meaning: string): z.ZodOptional<z.ZodString> =>
    z
      .string({ error: must('be a day') })
      .refine((text) => isDay(text), { error: must('be a day, such as 2030-01-31') })
      .optional()
      .describe(`${meaning}: YYYY-MM-DD, UTC`),
  /** A day stands for its beginning. */
  moment: (meaning: string): z.ZodOptional<z.ZodString> =>
    z
      .string({ error: must('be a time') })
      .refine((text) => !Number.isNaN(toMoment(text).getTime()), {
        error: must('be a time, such as 2030-01-31 12:00:00'),
      })
      .optional()
      .describe(`${meaning}: YYYY-MM-DD or YYYY-MM-DD HH:MM:SS, UTC`),
};

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export const isDay = (text: string): boolean => DAY.test(text) && !Number.isNaN(Date.parse(text));

/** Without a zone it is UTC. An invalid date for what is none. */
export const toMoment = (text: string): Date => {
  const [day = '', time] = text.trim().split(/[T ]/, 2);
  if (time === undefined) return new Date(isDay(day) ? day : NaN);
  return new Date(`${day}T${/(Z|[+-]\d{2}:?\d{2})$/i.test(time) ? time : `${time}Z`}`);
};
