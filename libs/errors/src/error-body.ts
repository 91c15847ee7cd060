// Finds what an upstream's error says, in every shape that upstreams are known to use.

/** What could be read from the body, whatever its shape. */
export interface UpstreamErrorBody {
  /** At most 2,000 characters; empty when nothing was found. */
  message: string;
  type?: string;
  code?: string;
  param?: string;
}

const MAX_MESSAGE_CHARACTERS = 2_000;
const MAX_WORD_CHARACTERS = 200;
/** Of a page that is no JSON: its title stands near the beginning. */
const MAX_PAGE_CHARACTERS = 4_000;
/** Hosts wrap one message in another; nobody does it more often. */
const MAX_WRAPPERS = 4;

const asText = (value: unknown, limit = MAX_MESSAGE_CHARACTERS): string | undefined =>
  typeof value === 'string' && value !== ''
    ? value.slice(0, limit)
    : typeof value === 'number'
      ? String(value)
      : undefined;

const asWord = (value: unknown): string | undefined => asText(value, MAX_WORD_CHARACTERS);

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : undefined);

/**
 * Reads `{error: {message}}`, `{error: "text"}`, `{message}`, `{message: {detail}}`,
 * `{detail: "text" | [{msg, loc}]}`, `[{error}]`, `{errors: [{message} | "text"]}`,
 * `{base_resp: {status_code, status_msg}}`, `{code, msg}`, HTML (its title), plain text, nothing.
 */
export const readErrorBody = (body: string): UpstreamErrorBody => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { message: readPage(body.slice(0, MAX_PAGE_CHARACTERS)) };
  }
  return readErrorValue(parsed);
};

/** What is searched is short: each `<` without its `>` costs a look at all the rest. */
const readPage = (page: string): string => {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(page)?.[1]?.trim();
  const plain = page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  return title || plain.trim().slice(0, 300);
};

/** The same for a value that is already parsed, such as an `error` object found inside a stream. */
export const readErrorValue = (value: unknown): UpstreamErrorBody => readValue(value, 0);

const readValue = (value: unknown, wrappers: number): UpstreamErrorBody => {
  const only = Array.isArray(value) ? firstOf(value) : value;
  if (typeof only === 'string') return { message: asText(only) ?? '' };
  const outer = record(only);
  if (!outer) return { message: '' };
  const inner = record(outer['error']);
  if (inner) {
    return {
      message: asText(inner['message']) ?? asText(inner['msg']) ?? asText(outer['message']) ?? '',
      type: asWord(inner['type']) ?? asWord(inner['status']),
      code: asWord(inner['code']),
      param: asWord(inner['param']),
    };
  }
  const message = outer['message'];
  if (typeof message === 'object' && message !== null && wrappers < MAX_WRAPPERS) {
    const within = readValue(Array.isArray(message) ? { detail: message as unknown[] } : message, wrappers + 1);
    return { ...within, type: asWord(outer['type']) ?? within.type, code: asWord(outer['code']) ?? within.code };
  }
  const nested = firstOf(outer['errors']);
  const base = record(outer['base_resp']);
  return {
    message:
      asText(outer['error']) ??
      asText(message) ??
      asText(outer['msg']) ??
      readDetail(outer['detail']) ??
      asText(nested) ??
      asText(record(nested)?.['message']) ??
      asText(base?.['status_msg']) ??
      '',
    type: asWord(outer['type']),
    code: asWord(outer['code']) ?? asWord(record(nested)?.['code']) ?? asWord(base?.['status_code']),
    param: asWord(outer['param']),
  };
};

/** `"text"`, or what FastAPI says of a bad field: `[{loc: ["body", "n"], msg: "Extra inputs …"}]` → `body.n: Extra …`. */
const readDetail = (detail: unknown): string | undefined => {
  const first = record(firstOf(detail));
  if (!first) return asText(detail);
  const steps: unknown[] = Array.isArray(first['loc']) ? first['loc'].slice(0, 20) : [];
  const place = steps.map((step) => asWord(step) ?? '?').join('.');
  const text = asText(first['msg']);
  return text && (place === '' ? text : `${place}: ${text}`);
};
