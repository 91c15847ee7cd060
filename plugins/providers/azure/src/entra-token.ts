// Tokens of a service principal: fetched when first needed, shared by all calls, renewed before they end.
import { GatewayError, isJsonObject, type HttpResponse, type JsonValue, type PluginHost } from '@turnpike/plugin-sdk';

export interface ServicePrincipal {
  tenantId: string;
  clientId: string;
  clientSecret: string;
  scope: string;
  /** Where tokens are issued, no slash at the end. */
  authority: string;
}

const RENEW_BEFORE_MS = 60_000;
const FETCH_TIMEOUT_MS = 10_000;

interface Token {
  value: string;
  /** Epoch milliseconds. */
  expiresAt: number;
}

export class EntraTokens {
  private token: Token | undefined;
  private pending: Promise<Token> | undefined;

  constructor(
    private readonly principal: ServicePrincipal,
    private readonly host: Pick<PluginHost, 'http' | 'clock'>,
    private readonly provider: string,
  ) {}

  /** One request serves all who wait; a caller that leaves does not stop it. @throws GW_UPSTREAM_AUTHENTICATION */
  async get(signal: AbortSignal): Promise<string> {
    const { token } = this;
    if (token && token.expiresAt - RENEW_BEFORE_MS > this.host.clock.now()) return token.value;
    signal.throwIfAborted();
    this.pending ??= this.fetch().finally(() => (this.pending = undefined));
    return (await unlessAborted(this.pending, signal)).value;
  }

  private async fetch(): Promise<Token> {
    const { authority, tenantId, clientId, clientSecret, scope } = this.principal;
    const asked = this.host.clock.now();
    const answer = await this.host.http.request({
      method: 'POST',
      url: `${authority}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope,
      }).toString(),
      timeoutMs: FETCH_TIMEOUT_MS,
    });
    const { value, seconds } = this.read(answer);
    this.token = { value, expiresAt: asked + seconds * 1_000 };
    return this.token;
  }

  /** `{"access_token": "…", "expires_in": 3599}`, or `{"error": "invalid_client", "error_description": "AADSTS…"}`. */
  private read(answer: HttpResponse): { value: string; seconds: number } {
    let body: JsonValue = null;
    try {
      body = JSON.parse(Buffer.from(answer.body).toString('utf8')) as JsonValue;
    } catch {
      // A page of a proxy in between: the status says enough.
    }
    const fields = isJsonObject(body) ? body : {};
    const { access_token: value, expires_in: seconds, error_description: why } = fields;
    if (answer.status < 400 && typeof value === 'string') return { value, seconds: Number(seconds) || 0 };
    const code = answer.status >= 500 ? 'GW_UPSTREAM_UNAVAILABLE' : 'GW_UPSTREAM_AUTHENTICATION';
    const reason = typeof why === 'string' ? why.split(/\r?\n/)[0] : `status ${answer.status}`;
    throw new GatewayError(code, `${this.provider}: no Entra token was issued: ${reason}`, {
      provider: this.provider,
      upstreamStatus: answer.status,
    });
  }
}

const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
