// Request bytes → a JSON object, once.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { isNestedDeeper, MAX_JSON_DEPTH } from '@turnpike/wire';
import { isAscii, isUtf8 } from 'node:buffer';

/** Above this size the depth is checked before parsing: many million brackets would keep the parser busy for seconds. */
const LARGE_BYTES = 1024 * 1024;

/** @throws GW_INVALID_JSON saying what is wrong and where */
export const parseJsonObject = (bytes: Buffer): JsonObject => {
  if (bytes.length === 0) throw invalid('The body is empty. Send one JSON object.');
  const isLarge = bytes.length > LARGE_BYTES;
  const text = decode(bytes);
  if (isLarge && isNestedDeeper(text, MAX_JSON_DEPTH)) throw tooDeep();
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw invalid(`The body is not valid JSON: ${describe(cause)}.`, cause);
  }
  if (!isJsonObject(value)) throw invalid('The body must be one JSON object.');
  if (!isLarge && isDeeperThan(value, MAX_JSON_DEPTH)) throw tooDeep();
  return value;
};

/** ASCII needs no transcoding, and most requests are. */
const decode = (bytes: Buffer): string => {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) throw invalid('The body is not valid UTF-8.');
  return bytes.toString('utf8');
};

/** V8 quotes the text around the fault; positions are enough and cannot leak a prompt into logs. */
const describe = (cause: unknown): string =>
  cause instanceof Error ? cause.message.replace(/, (?:\.\.\.)?"[\s\S]*$/, '').slice(0, 120) : 'unreadable';

const isDeeperThan = (value: JsonValue | undefined, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((entry) => typeof entry === 'object' && isDeeperThan(entry, levels - 1));
  for (const key in value) if (isDeeperThan(value[key], levels - 1)) return true;
  return false;
};

const tooDeep = (): GatewayError =>
  invalid(`The body is nested deeper than ${MAX_JSON_DEPTH} levels. Make it flatter.`);

const invalid = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('GW_INVALID_JSON', message, { cause });
