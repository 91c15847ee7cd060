// Which models a key may use.
import {
  pagedModelList,
  type Clock,
  type HttpClient,
  type ModelListV1,
  type UpstreamEndpoint,
} from '@turnpike/plugin-sdk';
import { fromAnthropicError } from './errors.js';

interface Connection {
  endpoint: UpstreamEndpoint;
  provider: string;
  http: HttpClient;
  clock: Clock;
}

/** `GET /v1/models`: `{data: [{id}], has_more, last_id}`. */
export const anthropicModelList = ({ endpoint, provider, http, clock }: Connection): ModelListV1 =>
  pagedModelList({
    provider,
    http,
    toError: (failure) => fromAnthropicError(failure, provider, clock.now()),
    page: (after) => ({
      ...endpoint,
      url: `${endpoint.url}?limit=1000${after && `&after_id=${encodeURIComponent(after)}`}`,
    }),
    entries: ({ data }) => data,
    nameKey: 'id',
    next: ({ has_more: hasMore, last_id: last }) => (hasMore === true ? last : undefined),
  });
