// Does this body come from the gateway, and was it sent just now?
import { createHmac, timingSafeEqual } from 'node:crypto';

const MAX_AGE_SECONDS = 300;

/**
 * @param body the raw bytes, before anything has parsed them
 * @param signature the header `x-turnpike-signature`: `t=1768478400,v1=5f0c…`
 */
export const isFromGateway = (body: Buffer, signature: string | undefined, secret: string): boolean => {
  const [, time = '', given = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
  if (time === '' || Math.abs(Date.now() / 1_000 - Number(time)) > MAX_AGE_SECONDS) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(given, 'hex'));
};
