// Mends what hosts get wrong in their answers, whole or streamed. What the format itself forgives is read by the brick.
import {
  chatChunkToCompletion,
  chatToCompletion,
  fromOpenAiResponse,
  GatewayError,
  isGatewayError,
  openAiStreamDecoder,
  upstreamError,
  type Call,
  type ChatChunk,
  type ChatResponse,
  type CompletionChunk,
  type CompletionRequest,
  type CompletionResponse,
  type Emit,
  type HttpOperation,
  type StreamDecoder,
  type UpstreamFailure,
} from '@turnpike/plugin-sdk';
import type { AnswerQuirks } from './host-row.js';
import { splitThinkTags, ThinkTagSplitter } from './think-tags.js';

type ErrorCodes = NonNullable<AnswerQuirks['errorCodes']>;

/** The same error under the code that the host's own number means. */
const recoded = (error: unknown, codes: ErrorCodes | undefined): unknown => {
  if (!codes || !isGatewayError(error)) return error;
  const code = codes[error.facts.upstreamCode ?? ''];
  return code === undefined ? error : new GatewayError(code, error.message, error.facts);
};

/** See HttpOperation.toError. */
export const errorReader =
  (answers: AnswerQuirks) =>
  (failure: UpstreamFailure, call: Call): GatewayError =>
    recoded(upstreamError(failure, call.policy.provider), answers.errorCodes) as GatewayError;

const rethrowing = <T>(codes: ErrorCodes | undefined, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    throw recoded(error, codes);
  }
};

type Chat<Request> = HttpOperation<Request, ChatResponse, ChatChunk>;

export const mendChat = <Request>(operation: Chat<Request>, answers: AnswerQuirks): Chat<Request> => {
  if (!answers.thinkTags && !answers.serviceTiers && !answers.errorCodes) return operation;
  return {
    ...operation,
    fromBody: (body, call) => {
      const response = rethrowing(answers.errorCodes, () => operation.fromBody(body, call));
      return mendResponse(response, call, answers);
    },
    decoder: (call, emit) => new MendingDecoder(answers, call, emit),
  };
};

const tagOptions = (tags: NonNullable<AnswerQuirks['thinkTags']>, call: Call) => ({
  isUnopened: tags.unopened?.test(call.model) ?? false,
});

const tierOf = (tier: string | undefined, known: readonly string[] | undefined): string | undefined =>
  tier === undefined || !known || known.includes(tier) ? tier : 'auto';

const mendResponse = (response: ChatResponse, call: Call, { thinkTags, serviceTiers }: AnswerQuirks): ChatResponse => {
  const serviceTier = tierOf(response.serviceTier, serviceTiers);
  return {
    ...response,
    ...(serviceTier === undefined ? {} : { serviceTier }),
    choices: thinkTags
      ? response.choices.map((choice) => ({
          ...choice,
          content: splitThinkTags(choice.content, choice.finishReason === 'length', tagOptions(thinkTags, call)),
        }))
      : response.choices,
  };
};

class MendingDecoder implements StreamDecoder {
  private readonly splitter: ThinkTagSplitter | undefined;
  private readonly decoder: StreamDecoder;

  constructor(
    private readonly answers: AnswerQuirks,
    call: Call,
    private readonly emit: Emit<ChatChunk>,
  ) {
    const { thinkTags } = answers;
    this.splitter = thinkTags && new ThinkTagSplitter(tagOptions(thinkTags, call), emit);
    this.decoder = openAiStreamDecoder((chunk) => this.mend(chunk));
  }

  push(bytes: Uint8Array): void {
    this.guarded(() => this.decoder.push(bytes));
  }

  end(): void {
    this.guarded(() => this.decoder.end());
    this.splitter?.flush();
  }

  private mend(chunk: ChatChunk): void {
    const { serviceTiers } = this.answers;
    const mended =
      chunk.type === 'start' && chunk.serviceTier !== undefined
        ? { ...chunk, serviceTier: tierOf(chunk.serviceTier, serviceTiers) }
        : chunk;
    if (this.splitter) this.splitter.push(mended);
    else this.emit(mended);
  }

  private guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.splitter?.flush();
      throw recoded(error, this.answers.errorCodes);
    }
  }
}

/** Fill-in-the-middle endpoints take a completion's request and answer it in the shape of a chat. */
export const answersAsChat = (
  operation: HttpOperation<CompletionRequest, CompletionResponse, CompletionChunk>,
): HttpOperation<CompletionRequest, CompletionResponse, CompletionChunk> => ({
  ...operation,
  translatesAnswers: true,
  fromBody: (body) => chatToCompletion(fromOpenAiResponse(body)),
  decoder: (_call, emit) =>
    openAiStreamDecoder((chunk) => {
      const translated = chatChunkToCompletion(chunk);
      if (translated) emit(translated);
    }),
});
