// Makes the part of a runtime that takes tokens of other issuers, of one configuration.
import type { JwtSettings } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import type { UpstreamClient } from '@turnpike/kernel';
import type { Logger } from '@turnpike/plugin-sdk';
import { KeySets } from '../keys/jwt/key-sets.js';
import { Tokens } from '../keys/jwt/tokens.js';
import { UserInfo, type UserInfoAnswer } from '../keys/jwt/user-info.js';
import type { Principal } from '../pipeline/exchange.js';
import { steadyNow } from './clock.js';
import type { LedgerSide } from './ledger-side.js';

const FETCH_MS = 5_000;
const MAX_DOCUMENT_BYTES = 1_048_576;

export interface TokenCallersOptions {
  readonly settings: JwtSettings;
  readonly http: Pick<UpstreamClient, 'request'>;
  readonly ledger: Pick<LedgerSide, 'subject'> | undefined;
  readonly master: Principal;
  readonly log: Logger;
  /** Keys of some address cannot be fetched, or all can. */
  readonly onAway: (isAway: boolean) => void;
}

export const tokenCallers = ({ settings, http, ledger, master, log, onAway }: TokenCallersOptions): Tokens => {
  const away = new Set<string>();
  const keys = new KeySets({
    urls: settings.keyUrls,
    ttlMs: settings.keyTtlMs,
    staleMs: settings.keyStaleTtlMs,
    fetch: (url) => fetchJson(http, url),
    now: steadyNow,
    onAway: (url, reason) => {
      if (reason === undefined) {
        away.delete(url);
        log.info('the keys of tokens are there again', { url });
      } else {
        away.add(url);
        log.warn('the keys of tokens cannot be fetched: those that are known go on for their time', { url, reason });
      }
      onAway(away.size > 0);
    },
  });
  void keys.warm();
  return new Tokens({
    settings,
    keys,
    userInfo:
      settings.userInfo &&
      new UserInfo({
        url: settings.userInfo.url,
        now: steadyNow,
        fetch: (url, token) => fetchUserInfo(http, url, token),
      }),
    resolve: ledger && ((name) => ledger.subject(name, settings)),
    admin: master,
    now: Date.now,
  });
};

const fetchUserInfo = async (
  http: Pick<UpstreamClient, 'request'>,
  url: string,
  token: string,
): Promise<UserInfoAnswer> => {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  // Not to another host: the token is for the issuer.
  const { status, body } = await http.request({ url, headers, timeoutMs: FETCH_MS, maxBytes: MAX_DOCUMENT_BYTES });
  return { status, document: status === 200 ? JSON.parse(Buffer.from(body).toString('utf8')) : undefined };
};

const fetchJson = async (http: Pick<UpstreamClient, 'request'>, url: string): Promise<unknown> => {
  const headers = { accept: 'application/json' };
  const answer = await http.request({
    url,
    headers,
    timeoutMs: FETCH_MS,
    maxBytes: MAX_DOCUMENT_BYTES,
    followRedirects: true,
  });
  if (answer.status !== 200)
    throw new GatewayError('GW_AUTH_PROVIDER_UNAVAILABLE', `the answer has the status ${answer.status}`);
  return JSON.parse(Buffer.from(answer.body).toString('utf8'));
};
