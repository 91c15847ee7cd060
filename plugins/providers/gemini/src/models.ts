// Which models a key may use.
import {
  fromGeminiError,
  pagedModelList,
  type HttpClient,
  type ModelListV1,
  type UpstreamEndpoint,
} from '@turnpike/plugin-sdk';

/** `GET /models`: `{models: [{name: 'models/gemini-x'}], nextPageToken}`. */
export const geminiModelList = (endpoint: UpstreamEndpoint, provider: string, http: HttpClient): ModelListV1 => {
  const pages = pagedModelList({
    provider,
    http,
    toError: (failure) => fromGeminiError(failure, provider),
    page: (token) => ({
      ...endpoint,
      url: `${endpoint.url}?pageSize=1000${token && `&pageToken=${encodeURIComponent(token)}`}`,
    }),
    entries: ({ models }) => models,
    nameKey: 'name',
    next: ({ nextPageToken }) => nextPageToken,
  });
  return {
    list: async (signal) => (await pages.list(signal)).map((name) => name.replace(/^models\//, '')),
  };
};
