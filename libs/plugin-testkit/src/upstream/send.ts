// Sends what a provider prepared over a real socket, as plainly as possible.
import { request as httpRequest, type IncomingMessage } from 'node:http';

export interface SentRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  signal: AbortSignal;
}

/** Posts to `origin` in place of the request's own; the path stays. Resolves with the answer's head. */
export const sendTo = (origin: string, { url, headers, body, signal }: SentRequest): Promise<IncomingMessage> => {
  const { pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(`${pathname}${search}`, origin),
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers, 'content-length': body.byteLength },
        agent: false,
        signal,
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
};
