// What Langfuse says became of each event of a batch.
// docs: https://api.reference.langfuse.com (Ingestion), read 2026-11-21
import { isJsonObject, isPassingFailure, type HttpResponse, type JsonValue } from '@turnpike/plugin-sdk';

export interface Ingested {
  /** Ids of events that another try may bring in. */
  readonly again: readonly string[];
  /** Status of each event that is not wanted, however often it comes. */
  readonly refused: readonly number[];
}

/**
 * Status 207, `{successes: [{id, status}], errors: [{id, status, message}]}`. Messages may repeat what was sent, so they
 * are not read.
 *
 * @param answer undefined: refused as a whole
 * @throws when it is no such answer
 */
export const readIngestion = (answer: HttpResponse | undefined): Ingested => {
  if (!answer) return { again: [], refused: [] };
  const body = parse(answer.body);
  if (!isJsonObject(body)) throw new Error(`Langfuse answered ${answer.status} with something that is no result.`);
  const errors = Array.isArray(body['errors']) ? body['errors'].filter(isJsonObject) : [];
  const again: string[] = [];
  const refused: number[] = [];
  for (const { id, status } of errors) {
    if (typeof status === 'number' && isPassingFailure(status)) again.push(String(id));
    else refused.push(Number(status));
  }
  return { again, refused };
};

const parse = (bytes: Uint8Array): JsonValue | undefined => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
};
