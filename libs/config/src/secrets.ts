// Which names hold secrets, and what may be shown of one.

const SECRET_WORDS = new Set([
  'key',
  'keys',
  'apikey',
  'secret',
  'password',
  'passwd',
  'pwd',
  'token',
  'credential',
  'credentials',
  'authorization',
  'cookie',
  'passphrase',
  'dsn',
  'salt',
]);

/** Words inside a name that make it secret, whatever comes last. */
const SECRET_PARTS = /secret|password|passwd|api_?key|access_key|private_key|auth_value/;

/** Last words that only describe: `key_header_name`, `secret_manager_settings`. */
const DESCRIBING = new Set([
  'name',
  'names',
  'type',
  'ttl',
  'settings',
  'system',
  'params',
  'config',
  'policy',
  'validation',
  'format',
  'list',
  'count',
  'limit',
  'budget',
  'emails',
  'enabled',
  'metadata',
]);

/** `masterKey` and `AWS_ACCESS_KEY_ID` alike → words. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');

/** True for names such as `api_key`, `masterKey`, `AWS_SECRET_ACCESS_KEY`, `langfuse_public_key`. */
export const isSecretName = (name: string): boolean => {
  const words = wordsOf(name);
  const last = words.at(-1);
  const isRate = words.at(-2) === 'per';
  if (last === undefined || isRate || DESCRIBING.has(last)) return false;
  return SECRET_WORDS.has(last) || SECRET_PARTS.test(words.join('_'));
};

/** The last four of a key longer than 12, with its public prefix: `sk-…abcd`. Shorter ones show nothing. */
export const maskSecret = (secret: string): string => {
  if (secret.length <= 12) return '…';
  const prefix = /^(?:Bearer )?([a-z]{2,4}-)/.exec(secret)?.[1] ?? '';
  return `${prefix}…${secret.slice(-4)}`;
};

/** Text that is a secret by its look, wherever it stands. */
const LOOKS_SECRET = /^(?:Bearer\s+\S{8,}|(?:sk|pk|rk|gsk|xai|csk|hf|r8|nvapi|ghp|glpat)[-_][\w-]{8,}|AIza[\w-]{20,})$/;

export const looksSecret = (text: string): boolean => LOOKS_SECRET.test(text);

const URL_WITH_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Hides user info and query values; with `isWebhook` also the path, which is the secret of such addresses. */
export const maskUrl = (text: string, isWebhook = false): string => {
  if (!URL_WITH_SCHEME.test(text) || !URL.canParse(text)) return text;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && url.search === '';
  if (isPlain && !isWebhook) return text;
  const user = url.username === '' && url.password === '' ? '' : `${url.username}${url.password === '' ? '' : ':…'}@`;
  const path = isWebhook && url.pathname.length > 1 ? '/…' : url.pathname;
  const query = [...url.searchParams.keys()].map((name) => `${name}=…`).join('&');
  return `${url.protocol}//${user}${url.host}${path}${query === '' ? '' : `?${query}`}`;
};
