// The client's request of a case, in the words of no vendor.
import {
  fromAnthropicRequest,
  fromGeminiRequest,
  fromOpenAiCompletionRequest,
  fromOpenAiEmbeddingRequest,
  fromOpenAiRequest,
  type ChatRequest,
  type Dialect,
  type JsonObject,
} from '@turnpike/plugin-sdk';
import { cloneJson } from '../json.js';
import type { FixtureCase, OperationName } from './fixtures.js';

/** What is asked where a case does not say. */
export const PLAIN_REQUESTS: Readonly<Record<OperationName, JsonObject>> = {
  chat: { model: 'test-model', messages: [{ role: 'user', content: 'Hello' }] },
  completions: { model: 'test-model', prompt: 'Hello' },
  embeddings: { model: 'test-model', input: 'Hello' },
};

export const plainCase = (operation: OperationName): FixtureCase => ({
  name: 'plain',
  operation,
  options: {},
  request: PLAIN_REQUESTS[operation],
});

export const streams = ({ options, request }: FixtureCase): boolean => options.stream ?? request?.['stream'] === true;

const readChat = (body: JsonObject, fixture: FixtureCase, upstream: Dialect | undefined): ChatRequest => {
  switch (fixture.options.clientDialect ?? 'openai') {
    case 'openai':
      return fromOpenAiRequest(body);
    case 'anthropic':
      return fromAnthropicRequest(body, { keepsOwnFields: upstream === 'anthropic' });
    case 'gemini':
      return fromGeminiRequest(body, fixture.options.model ?? 'test-model', streams(fixture));
  }
};

/** Read anew each time. `upstream` is the dialect of the operation it is for. */
export const canonicalRequest = (fixture: FixtureCase, upstream?: Dialect): unknown => {
  const body = cloneJson(fixture.request ?? PLAIN_REQUESTS[fixture.operation]);
  switch (fixture.operation) {
    case 'chat':
      return readChat(body, fixture, upstream);
    case 'completions':
      return fromOpenAiCompletionRequest(body);
    case 'embeddings':
      return fromOpenAiEmbeddingRequest(body);
  }
};
