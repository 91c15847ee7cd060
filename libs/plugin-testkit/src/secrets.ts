// Finds what must not be found: the secrets of a configuration, in anything a plugin says.

const SECRET_NAME =
  /(^|[_-])(api[_-]?key|secret|token|password|passphrase|credentials?|private[_-]?key|access[_-]?key|secret[_-]?(access[_-]?)?key|bearer)$/i;

/** True for config keys that hold a secret by their name: `api_key`, `aws_secret_access_key`, `redis_password`. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

const MIN_LENGTH = 6;
/** Errors of HTTP libraries hang on whole sockets. */
const MAX_DEPTH = 30;

/** The secret strings of a configuration: values under secret names, and passwords inside URLs. */
export const secretsOf = (config: unknown): string[] => {
  const found = new Set<string>();
  const walk = (value: unknown, isSecret: boolean): void => {
    if (typeof value === 'string') {
      if (isSecret && value.length >= MIN_LENGTH) found.add(value);
      const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:([^/@\s]+)@/i.exec(value)?.[1];
      if (password) found.add(decodeURIComponent(password));
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) walk(member, isSecret || isSecretName(key));
    }
  };
  walk(config, false);
  return [...found];
};

const spellings = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];

/** `stack` is a getter; so are members of others that may not like to be read. */
const read = (owner: object, key: PropertyKey): unknown => {
  try {
    return (owner as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
};

/**
 * Path to the first place where a secret stands in clear, percent-encoded or base64: in strings, keys, bytes, errors
 * with their messages, stacks, causes and facts. Undefined when there is none.
 */
export const findSecret = (value: unknown, secrets: readonly string[]): string | undefined => {
  const needles = secrets.flatMap(spellings);
  const seen = new Set<object>();
  const holds = (text: string): boolean => needles.some((needle) => text.includes(needle));
  const walk = (current: unknown, path: string, depth = 0): string | undefined => {
    if (typeof current === 'string') return holds(current) ? path : undefined;
    if (typeof current !== 'object' || current === null || seen.has(current) || depth > MAX_DEPTH) return undefined;
    seen.add(current);
    if (ArrayBuffer.isView(current)) {
      const bytes = Buffer.from(current.buffer, current.byteOffset, current.byteLength);
      return holds(bytes.toString('latin1')) ? path : undefined;
    }
    if (current instanceof Map || current instanceof Set) return walk([...current], path, depth + 1);
    // Errors keep message, stack and cause as properties that do not enumerate.
    for (const key of Reflect.ownKeys(current)) {
      const name = `${path}.${String(key)}`;
      if (holds(String(key))) return name;
      const found = walk(read(current, key), name, depth + 1);
      if (found) return found;
    }
    return undefined;
  };
  return walk(value, '$');
};
