// What specs expect to be thrown.
import { expect } from '@jest/globals';
import type { ErrorCode } from '@turnpike/errors';

/** One of our errors; `param` is the path of the field at fault. */
export const fault = (code: ErrorCode, param?: string): unknown =>
  expect.objectContaining({ code, ...(param === undefined ? {} : { facts: expect.objectContaining({ param }) }) });

/** A client's mistake in the field at this path. */
export const badField = (param: string): unknown => fault('GW_INVALID_REQUEST', param);
