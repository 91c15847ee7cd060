// `router_settings.hedge`: when a second deployment is asked too.
import { isJsonObject, type HedgeSettings, type JsonValue } from '@turnpike/domain';
import type { Diagnostics } from './diagnostics.js';
import { readValue } from './value-types.js';

const SHAPE = "hedge must be { after: p95 } or { after: <seconds> }, with 'max' 0 or 1.";

/** `{ after: p95 | seconds, max: 0 | 1 }`; nothing when it is off. */
export const readHedge = (
  written: JsonValue | undefined,
  where: string | undefined,
  diagnostics: Diagnostics,
): { hedge?: HedgeSettings } => {
  if (written === undefined || written === null || written === false) return {};
  const { after, max = 1 } = isJsonObject(written) ? written : {};
  const hedge = after === undefined ? undefined : readAfter(after);
  if (!hedge || (max !== 0 && max !== 1)) {
    diagnostics.fail(SHAPE, where);
    return {};
  }
  return max === 0 ? {} : { hedge };
};

const readAfter = (after: JsonValue): HedgeSettings | undefined => {
  const percentile = typeof after === 'string' ? /^p(\d{1,2}(?:\.\d+)?)$/i.exec(after.trim())?.[1] : undefined;
  if (percentile !== undefined) return Number(percentile) > 0 ? { afterPercentile: Number(percentile) } : undefined;
  const seconds = readValue('seconds', after);
  return seconds === undefined || seconds <= 0 ? undefined : { afterMs: seconds * 1_000 };
};
