// Guardrails read chats. Text completions and embeddings are shown to them as the chat that says the same.
import type {
  ChatRequest,
  ChatResponse,
  CompletionRequest,
  CompletionResponse,
  EmbeddingRequest,
  Message,
} from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { OperationName } from '../routes/front.js';

/** How one kind of call looks to a guardrail, and how what the guardrail says instead is taken over. */
export interface GuardedView<Request = unknown, Response = unknown> {
  /** @throws GW_INVALID_REQUEST for token ids, which no guardrail can read */
  request(own: Request): ChatRequest;
  withRequest(own: Request, chat: ChatRequest): Request;
  /** Undefined: the answer holds no words. */
  response(own: Response): ChatResponse | undefined;
  withResponse(own: Response, chat: ChatResponse): Response;
}

const chat: GuardedView<ChatRequest, ChatResponse> = {
  request: (own) => own,
  withRequest: (_own, shown) => shown,
  response: (own) => own,
  withResponse: (_own, shown) => shown,
};

const completions: GuardedView<CompletionRequest, CompletionResponse> = {
  request({ prompt, echo: _echo, ...shared }) {
    return { ...shared, messages: saidByUser(textsOf(typeof prompt === 'string' ? [prompt] : prompt, 'prompt')) };
  },
  withRequest(own, shown) {
    const texts = textsIn(shown, Array.isArray(own.prompt) ? own.prompt.length : 1);
    return { ...own, prompt: Array.isArray(own.prompt) ? texts : texts[0]! };
  },
  response: (own) => ({
    ...own,
    choices: own.choices.map(({ index, text, finishReason }) => ({
      index,
      content: [{ type: 'text', text }],
      finishReason,
    })),
  }),
  withResponse: (own, shown) => ({
    ...own,
    choices: shown.choices.map(({ index, content, finishReason }) => ({
      index,
      text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
      finishReason,
    })),
  }),
};

const embeddings: GuardedView<EmbeddingRequest> = {
  request: ({ model, input, user, extras }) => ({
    model,
    messages: saidByUser(textsOf(input, 'input')),
    stream: false,
    includeUsage: false,
    user,
    extras,
  }),
  withRequest: (own, shown) => ({ ...own, input: textsIn(shown, own.input.length) }),
  response: () => undefined,
  withResponse: (own) => own,
};

export const GUARDED_VIEWS = { chat, completions, embeddings } as unknown as Readonly<
  Record<OperationName, GuardedView>
>;

const saidByUser = (texts: readonly string[]): Message[] =>
  texts.map((text) => ({ role: 'user', content: [{ type: 'text', text }] }));

const textsOf = (list: readonly unknown[], param: string): string[] => {
  if (list.every((entry) => typeof entry === 'string')) return [...list];
  throw invalidRequest(`The guardrails of this gateway cannot read token ids. Send '${param}' as text.`, param);
};

/** @throws GW_PLUGIN_HOOK when a guardrail left out texts or added some: each stands for an answer */
const textsIn = ({ messages }: ChatRequest, count: number): string[] => {
  if (messages.length !== count)
    throw new GatewayError('GW_PLUGIN_HOOK', `A guardrail made ${messages.length} texts of ${count}.`);
  return messages.map(({ content }) => content.map((part) => (part.type === 'text' ? part.text : '')).join(''));
};
