// How receivers know that a body comes from this gateway, and when it was sent.
import { createHmac } from 'node:crypto';

export const SIGNATURE_HEADER = 'x-turnpike-signature';

/**
 * `t=1768478400,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`, t in epoch seconds. The time is in it so that what was sent
 * once cannot be sent again later.
 */
export const signatureOf = (body: string, secret: string, epochMs: number): string => {
  const time = Math.floor(epochMs / 1_000);
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
};
