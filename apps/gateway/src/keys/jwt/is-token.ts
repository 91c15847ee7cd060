// What looks like a token and not like a key. Apart, so that who takes no tokens loads nothing that reads them.

/** Tokens are headers; what is longer is none. */
const MAX_CHARACTERS = 16_384;

/** What only its issuer can read. Keys begin with `sk-`, and no token does. */
export const isOpaqueToken = (key: string): boolean =>
  !key.startsWith('sk-') && key.length <= MAX_CHARACTERS && /^[\w.~+/-]{16,}=*$/.test(key);

/** Three parts with dots between them, of which the first begins a JSON object. */
export const isToken = (key: string): boolean =>
  key.startsWith('ey') && key.length <= MAX_CHARACTERS && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(key);
