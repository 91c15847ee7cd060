// Reads what ioredis and Node throw. By their looks: each may be of another realm than this module.

interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  /** What a node of a cluster said, where ioredis only says that all failed. */
  readonly lastNodeError?: unknown;
}

const read = (error: unknown): Thrown => (typeof error === 'object' && error !== null ? error : { message: error });

/** Redis itself refused: `OOM command not allowed …`. @param code its first word */
export const isReply = (error: unknown, code = ''): boolean => {
  const { name, message } = read(error);
  return name === 'ReplyError' && String(message).startsWith(code);
};

/** What ioredis says of its own settings, and what that means. */
const WORDS: Readonly<Record<string, string>> = {
  "Stream isn't writeable and enableOfflineQueue options is false": 'there is no connection',
  'Connection is closed.': 'there is no connection',
};

/** Of several addresses that failed Node only says the code. */
export const reasonOf = (error: unknown): string => {
  const { name, message, code, lastNodeError } = read(error);
  if (lastNodeError) return `no node of the cluster can be used: ${reasonOf(lastNodeError)}`;
  const text = String(message || code || name);
  return WORDS[text] ?? text.replace(/\.$/, '');
};
