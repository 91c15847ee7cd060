// Sends what was told over HTTP, and says what the answer means: taken, to be sent again, or refused for good.
import type { HttpRequest, HttpResponse, PluginHost } from '../host.js';

/** Overload, timeouts and failures of the server: another try may end otherwise. */
export const isPassingFailure = (status: number): boolean => status === 408 || status === 429 || status >= 500;

export interface Posting {
  /** Who is told, for messages: `The webhook`. Addresses may hold secrets, so messages have none. */
  readonly to: string;
  /** How many calls are in it. */
  readonly count: number;
  /** The other side's word for why, where it has one that holds nothing of what was sent: `NoSuchBucket`. */
  readonly reason?: string;
}

/**
 * @returns undefined when it was refused for good, which is logged and counted: the same again would not be taken
 * @throws when another try may end otherwise
 */
export const postTold = async (
  host: Pick<PluginHost, 'http' | 'log' | 'metrics'>,
  request: HttpRequest,
  { to, count }: Posting,
): Promise<HttpResponse | undefined> => {
  const answer = await host.http.request({ method: 'POST', ...request });
  const { status } = answer;
  if (isPassingFailure(status)) throw new Error(`${to} answered ${status}.`);
  if (status < 300) return answer;
  giveUp(host, status, { to, count });
  return undefined;
};

/** Logs and counts what was refused for good. */
export const giveUp = (
  { log, metrics }: Pick<PluginHost, 'log' | 'metrics'>,
  status: number,
  { to, count, reason }: Posting,
): void => {
  metrics.count('refused', count);
  log.warn(`${to} refuses what it is told, which is given up`, {
    status,
    count,
    ...(reason !== undefined && { reason }),
  });
};
