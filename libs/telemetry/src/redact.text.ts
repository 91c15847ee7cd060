// Secrets inside running text: registered values, known shapes, and values that a telling name or URL part introduces.
import { isSecretParameter } from './redact.names.js';

export const MASK = '***';

/** Shorter values would mask ordinary words. */
const MIN_SECRET_LENGTH = 6;
const MAX_SECRETS = 10_000;

const secrets = new Set<string>();
let registered: RegExp | undefined;

const escapeForRegExp = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

/** Undefined for text that has no URL form, such as half a surrogate pair. */
const encode = (encoder: (text: string) => string, value: string): string | undefined => {
  try {
    return encoder(value);
  } catch {
    return undefined;
  }
};

/** The spellings in which a value may turn up: as it is, inside a JSON string, inside a URL. */
const spellingsOf = (value: string): string[] =>
  [value, JSON.stringify(value).slice(1, -1), encode(encodeURIComponent, value), encode(encodeURI, value)].filter(
    (spelling) => spelling !== undefined,
  );

/** Of two values that begin alike, the longer comes first, so that no tail of it is left. */
const compile = (): RegExp => {
  const spellings = [...new Set([...secrets].flatMap(spellingsOf))].sort().reverse();
  return new RegExp(spellings.map(escapeForRegExp).join('|'), 'g');
};

/**
 * Masks the value wherever it occurs from now on: for keys of the configuration, whose shape nobody can know. Values
 * under 6 characters are passed over. The oldest of more than 10,000 is forgotten.
 */
export const registerSecret = (value: string): void => {
  const secret = value.trim();
  if (secret.length < MIN_SECRET_LENGTH || secrets.has(secret)) return;
  if (secrets.size >= MAX_SECRETS) {
    const [oldest] = secrets;
    if (oldest !== undefined) secrets.delete(oldest);
  }
  secrets.add(secret);
  registered = undefined;
};

/** Forgets every registered value. */
export const forgetSecrets = (): void => {
  secrets.clear();
  registered = undefined;
};

/** Key formats that announce themselves. Each is anchored at a word's start and costs time in proportion to the text. */
const SHAPES = new RegExp(
  String.raw`(?<![A-Za-z0-9])(?:` +
    [
      String.raw`[sp]k-[\w-]{6,}`,
      String.raw`[spr]k_(?:live|test)_\w{6,}`,
      String.raw`AIza[\w-]{20,}`,
      String.raw`ya29\.[\w-]{10,}`,
      String.raw`(?:gsk|hf|r8|fw|jina|gh[opsur]|github_pat)_\w{10,}`,
      String.raw`(?:xai|pplx|csk)-[A-Za-z0-9]{16,}`,
      String.raw`nvapi-[\w-]{30,}`,
      String.raw`xox[a-z]-[\w-]{10,}`,
      String.raw`(?:AKIA|ASIA)[A-Z0-9]{12,}`,
      String.raw`eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*`,
    ].join('|') +
    ')',
  'g',
);

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g;

/** `Bearer abc…`, `Basic dXNlcjp…`; the word `Basic` before ordinary words stays. */
const SCHEME = /\b([Bb]earer|BEARER|[Bb]asic(?=\s+\S*[A-Z0-9=]))\s+[\w.~+/=-]{6,}/g;

/** `scheme://user:password@host` */
const USERINFO = /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,30}:\/\/)([^\s/?#"'<>]{1,1000})@/g;

const QUERY = /([?&#;])([\w.~%-]{1,64})=([^&#;\s"'<>\\]+)/g;

/** `api_key: abc`, `"client_secret":"abc"`, `PASSWORD=abc`, also where the quotes are escaped. */
const NAMED =
  /(?<![\w-])([\w-]{0,40}?(?:api[-_]?key|access[-_]?key|master[-_]?key|private[-_]?key|salt[-_]?key|access[-_]?token|auth[-_]?token|refresh[-_]?token|authorization|passw(?:or)?d|secret)(?:\\?["'])?\s{0,3}[:=]\s{0,3}(?:\\?["'])?)(?:(?:bearer|basic|token)\s+)?[^\s"'\\,;&}\])]+/gi;

const NAMED_TOKEN = /(?<![\w-])(token=)[^\s"'&;,]+/gi;

/** A header up to the end of its line, or a quoted field. */
const COOKIE = /(?<![\w-])((?:set-)?cookie)(?:(\s{0,3}[:=]\s{0,3})[^\r\n]+|(\\?["']\s{0,3}:\s{0,3}\\?["'])[^"'\\]+)/gi;

const maskUserinfo = (_: string, scheme: string, userinfo: string): string => {
  const colon = userinfo.indexOf(':');
  return `${scheme}${colon < 0 ? '' : userinfo.slice(0, colon + 1)}${MASK}@`;
};

const decodeName = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
};

const maskParameter = (whole: string, separator: string, name: string): string =>
  isSecretParameter(decodeName(name)) ? `${separator}${name}=${MASK}` : whole;

/** The text with every secret replaced by `***`. What introduces it (`Bearer `, `api_key=`, a URL's user) stays. */
export const redactText = (text: string): string => {
  if (text.length < MIN_SECRET_LENGTH) return text;
  let masked = text;
  if (secrets.size > 0) masked = masked.replace((registered ??= compile()), MASK);
  masked = masked.replace(SHAPES, MASK);
  if (masked.includes('-----BEGIN ')) masked = masked.replace(PRIVATE_KEY, MASK);
  if (masked.includes('://')) masked = masked.replace(USERINFO, maskUserinfo);
  if (masked.includes('=')) masked = masked.replace(QUERY, maskParameter).replace(NAMED_TOKEN, `$1${MASK}`);
  if (masked.includes('=') || masked.includes(':'))
    masked = masked.replace(NAMED, `$1${MASK}`).replace(COOKIE, `$1$2$3${MASK}`);
  return masked.replace(SCHEME, `$1 ${MASK}`);
};

/** A URL without the secrets of its userinfo, query and fragment. */
export const redactUrl = (url: string | URL): string => redactText(String(url));
