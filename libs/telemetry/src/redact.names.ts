// Which names (of fields, headers, URL parameters, variables) mean that their value is a secret.

/** Endings of names written without case, `-` and `_`: `x-api-key`, `ACME_API_KEY` and `apiKey` all end in `apikey`. */
const SECRET_ENDINGS = [
  'apikey',
  'accesskey',
  'accesskeyid',
  'accountkey',
  'authkey',
  'encryptionkey',
  'masterkey',
  'privatekey',
  'saltkey',
  'secretkey',
  'serviceaccountkey',
  'signingkey',
  'subscriptionkey',
  'virtualkey',
  'authorization',
  'connectionstring',
  'cookie',
  'credential',
  'credentials',
  'passphrase',
  'passwd',
  'password',
  'secret',
  'token',
  'webhookurl',
];

/** Only in a URL's query are these secrets: signatures, and the bare `key` that some upstreams take. */
const SECRET_PARAMETERS = new Set(['key', 'sig', 'signature', 'code', 'auth', 'xamzsignature', 'xgoogsignature']);

/** Prices (`input_cost_per_token`) and limits, not secrets. */
const HARMLESS = /(?:per|first|stop|eos|bos|pad|next|last)token$/;

const fold = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

const remembered = new Map<string, boolean>();
/** Field names come from outside too. */
const MAX_REMEMBERED = 5_000;

/** True for `api_key`, `Authorization`, `x-goog-api-key`, `client_secret`, `set-cookie` …; false for `max_tokens`. */
export const isSecretName = (name: string): boolean => {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const folded = fold(name);
  const isSecret = SECRET_ENDINGS.some((ending) => folded.endsWith(ending)) && !HARMLESS.test(folded);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  if (name.length <= 100) remembered.set(name, isSecret);
  return isSecret;
};

export const isSecretParameter = (name: string): boolean => isSecretName(name) || SECRET_PARAMETERS.has(fold(name));

/** `time_to_first_token: 0.3`, `token: 512` are figures: a number is no token, but it may be a password. */
export const mayBeNumeric = (name: string): boolean => !fold(name).endsWith('token');
