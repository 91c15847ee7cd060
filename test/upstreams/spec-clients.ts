// What the specs of the mock providers share: one server each, and a chat request to it in its own words.
import { afterAll, afterEach } from '@jest/globals';
import { startAnthropicUpstream, startGeminiUpstream, startOllamaUpstream, startOpenAiUpstream } from './index.mjs';

export const [openAi, anthropic, gemini, ollama] = await Promise.all([
  startOpenAiUpstream({ now: () => 1_700_000_000_000, keepAnswers: true }),
  startAnthropicUpstream(),
  startGeminiUpstream(),
  startOllamaUpstream(),
]);
export const upstreams = { openAi, anthropic, gemini, ollama };

afterEach(() => Object.values(upstreams).forEach((upstream) => upstream.reset()));
afterAll(() => Promise.all(Object.values(upstreams).map((upstream) => upstream.close())));

export type Body = Record<string, unknown>;
export interface Options {
  key?: string;
  signal?: AbortSignal;
}

export const post = (
  url: string,
  body: Body,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });

export const messages = [{ role: 'user', content: 'Hello' }];

type Ask = (model: string, extra?: Body, options?: Options) => Promise<Response>;

/** One chat request to each provider, in its own words. */
export const chat: Record<'openAi' | 'anthropic' | 'gemini' | 'ollama', Ask> = {
  openAi: (model, extra = {}, { key = 'sk-mock', signal } = {}) =>
    post(
      `${openAi.url}/v1/chat/completions`,
      { model, messages, ...extra },
      { authorization: `Bearer ${key}` },
      signal,
    ),
  anthropic: (model, extra = {}, { key = 'sk-mock', signal } = {}) =>
    post(
      `${anthropic.url}/v1/messages`,
      { model, messages, max_tokens: 100, ...extra },
      { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
      signal,
    ),
  gemini: (model, { stream, ...extra } = {}, { key = 'sk-mock', signal } = {}) =>
    post(
      `${gemini.url}/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }], ...extra },
      { 'x-goog-api-key': key },
      signal,
    ),
  ollama: (model, extra = {}, { key = 'sk-mock', signal } = {}) =>
    post(
      `${ollama.url}/api/chat`,
      { model, messages, stream: false, ...extra },
      { authorization: `Bearer ${key}` },
      signal,
    ),
};

/** Bodies of four formats, read field by field. */
export type Json = ReturnType<typeof JSON.parse>;
export const jsonOf = (response: Response): Promise<Json> => response.json();

/** `[event, data]` of each event of a stream. */
export const eventsOf = async (response: Response): Promise<[name: string | undefined, data: string][]> =>
  (await response.text())
    .split(/\r?\n\r?\n/)
    .filter((event) => event !== '')
    .map((event) => [/^event: (.*)$/m.exec(event)?.[1], /^data: (.*)$/m.exec(event)?.[1] ?? '']);
export const chunksOf = async (response: Response): Promise<Json[]> =>
  (await eventsOf(response)).filter(([, data]) => data !== '[DONE]').map(([, data]) => JSON.parse(data));

export const textOf: Record<keyof typeof chat, (body: Json) => string> = {
  openAi: (body) => body.choices[0].message.content,
  anthropic: (body) => body.content[0].text,
  gemini: (body) => body.candidates[0].content.parts[0].text,
  ollama: (body) => body.message.content,
};
