// What the HTTP client is told once, at start.

export interface HttpClientSettings {
  verifyTls: boolean;
  /** PEM text trusted besides the system's roots. */
  extraCa?: string;
  forceIpv4: boolean;
  /** 10,000 by default. */
  connectTimeoutMs?: number;
  /** Hosts (`*.example.com` too), addresses and CIDR ranges that guarded requests may reach. */
  allowedHosts: readonly string[];
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` in either case. */
  proxy: { http?: string; https?: string; none?: string };
}

export const DEFAULT_HTTP_SETTINGS: HttpClientSettings = {
  verifyTls: true,
  forceIpv4: false,
  allowedHosts: [],
  proxy: {},
};

/** The proxy part, from the environment. Lower case wins, as in curl. */
export const proxyFromEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): HttpClientSettings['proxy'] => ({
  http: environment['http_proxy'] || environment['HTTP_PROXY'] || undefined,
  https: environment['https_proxy'] || environment['HTTPS_PROXY'] || undefined,
  none: environment['no_proxy'] || environment['NO_PROXY'] || undefined,
});
