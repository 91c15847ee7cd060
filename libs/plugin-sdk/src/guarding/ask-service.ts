// Asks a service for its judgement: JSON there, JSON back.
import type { JsonValue } from '@turnpike/domain';
import type { HttpClient } from '../host.js';

export interface ServiceQuestion {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Says how long is waited: the time of a guardrail is its operator's to set. */
  readonly signal: AbortSignal;
}

/** The signal comes first. */
const MOST_MS = 600_000;

/** The service gave no judgement. Tells neither question nor answer. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';

  constructor(
    message: string,
    /** It could not be asked, or a proxy before it says so (502, 503, 504): it may be back in a moment. */
    readonly isUnreachable: boolean,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

const AWAY = new Set([502, 503, 504]);

/** @throws ServiceFailure; the signal's reason when nobody waits for the judgement any more */
export const askService = async (http: HttpClient, question: ServiceQuestion): Promise<JsonValue> => {
  const { url, headers, body, signal } = question;
  const answer = await http
    .request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal,
      timeoutMs: MOST_MS,
    })
    .catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new ServiceFailure('The service cannot be reached.', true, cause);
    });
  if (answer.status < 200 || answer.status >= 300) {
    throw new ServiceFailure(`The service answered with status ${answer.status}.`, AWAY.has(answer.status));
  }
  try {
    return JSON.parse(Buffer.from(answer.body).toString('utf8')) as JsonValue;
  } catch (cause) {
    throw new ServiceFailure('The service did not answer in JSON.', false, cause);
  }
};
