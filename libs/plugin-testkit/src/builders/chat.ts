// Chat requests and answers in no vendor's words.
import type { ChatRequest, ChatResponse, GuardrailContext } from '@turnpike/plugin-sdk';
import { START_OF_TIME } from '../host/fake-clock.js';

export const aChatRequest = (changes: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'chat-large',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
  stream: false,
  includeUsage: false,
  extras: {},
  ...changes,
});

/** A request with one user message. */
export const aChatRequestSaying = (text: string): ChatRequest =>
  aChatRequest({ messages: [{ role: 'user', content: [{ type: 'text', text }] }] });

export const aChatResponse = (changes: Partial<ChatResponse> = {}): ChatResponse => ({
  id: 'chatcmpl-1',
  model: 'large-2026-01-01',
  created: START_OF_TIME / 1_000,
  choices: [{ index: 0, content: [{ type: 'text', text: 'Hi there!' }], finishReason: 'stop' }],
  usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12 },
  ...changes,
});

/** An answer with one text. */
export const aChatResponseSaying = (text: string): ChatResponse =>
  aChatResponse({ choices: [{ index: 0, content: [{ type: 'text', text }], finishReason: 'stop' }] });

export const aGuardrailContext = (changes: Partial<GuardrailContext> = {}): GuardrailContext => ({
  callId: 'call-1',
  guardrail: 'my-guardrail',
  mode: 'pre_call',
  operation: 'chat',
  route: '/v1/chat/completions',
  model: 'chat-large',
  stream: false,
  metadata: {},
  parameters: {},
  header: () => undefined,
  memory: {},
  signal: new AbortController().signal,
  ...changes,
});
