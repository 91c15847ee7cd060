// Text completions for a provider that only chats: its chat operation in the clothes of a completions one.
import type { ChatRequest, CompletionChunk, CompletionRequest, CompletionResponse } from '@turnpike/domain';
import type { Call, ChatV1, CompletionsV1 } from '@turnpike/plugin-sdk';
import { chatChunkToCompletion, chatToCompletion, completionToChat } from '@turnpike/wire';

const toChat = (request: CompletionRequest, call: Call): ChatRequest => completionToChat(request, call.policy);

export const completionsOverChat = (chat: ChatV1): CompletionsV1 => {
  if (chat.kind === 'local') {
    return {
      kind: 'local',
      respond: async (request, call, signal): Promise<CompletionResponse> =>
        chatToCompletion(await chat.respond(toChat(request, call), call, signal)),
      ...(chat.stream && {
        async *stream(request: CompletionRequest, call: Call, signal: AbortSignal): AsyncGenerator<CompletionChunk> {
          for await (const chunk of chat.stream!(toChat(request, call), call, signal)) {
            const one = chatChunkToCompletion(chunk);
            if (one) yield one;
          }
        },
      }),
    };
  }
  return {
    kind: 'http',
    endpoint: (call) => chat.endpoint(call),
    ...(chat.authorize && { authorize: (request, call, signal) => chat.authorize!(request, call, signal) }),
    ...(chat.adapt && { adapt: (body, call) => chat.adapt!(body, call) }),
    toBody: (request, call) => chat.toBody(toChat(request, call), call),
    fromBody: (body, call) => chatToCompletion(chat.fromBody(body, call)),
    ...(chat.decoder && {
      decoder: (call, emit) =>
        chat.decoder!(call, (chunk) => {
          const one = chatChunkToCompletion(chunk);
          if (one) emit(one);
        }),
    }),
    toError: (failure, call) => chat.toError(failure, call),
  };
};
