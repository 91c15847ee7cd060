// An address as it is asked for: HTTP has no user and password in it, but a header.

export interface HttpTarget {
  /** Without user info. */
  readonly url: string;
  /** `authorization`, where there was user info. */
  readonly headers: Readonly<Record<string, string>>;
}

/** `https://user:password@host/x` → `https://host/x` with basic authorisation. @throws TypeError for what is no URL */
export const httpTargetOf = (address: string): HttpTarget => {
  const url = new URL(address);
  const { username, password } = url;
  if (username === '' && password === '') return { url: url.href, headers: {} };
  url.username = '';
  url.password = '';
  return { url: url.href, headers: { authorization: basic(decode(username), decode(password)) } };
};

/** `Basic dXNlcjpwYXNzd29yZA==` */
export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A lone `%` stands for itself. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
