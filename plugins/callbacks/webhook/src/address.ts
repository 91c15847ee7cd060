// An address as it is asked for: HTTP has no user and password in it, but a header.

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `https://user:password@host/x` → `https://host/x` with basic authorisation. */
export const targetOf = (address: string): Target => {
  const url = new URL(address);
  const { username, password } = url;
  if (username === '' && password === '') return { url: url.href, headers: {} };
  url.username = '';
  url.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { url: url.href, headers: { authorization: `Basic ${credentials}` } };
};
