// Whether a deployment answers: the smallest real call of its kind, as LiteLLM makes it. It costs a few tokens.
import type { ChatRequest, CompletionRequest, EmbeddingRequest, JsonObject } from '@turnpike/domain';
import { GatewayError, isGatewayError } from '@turnpike/errors';
import type { Call, HttpOperation, LocalOperation } from '@turnpike/plugin-sdk';
import { redactText } from '@turnpike/telemetry';
import { addEdits, applyEdits, commonEdits } from '../upstream/body-edits.js';
import type { AnyOperation, Callable } from './callable.js';
import type { Runtime } from './runtime.js';

const PROMPT = 'test from litellm';
const MAX_TOKENS = 5;
const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/** Undefined: it answered. Else why it did not, without secrets. */
export type Problem = string | undefined;

type Mode = 'chat' | 'completion' | 'embedding';

/** What is said of it in its `model_info`. */
const settingsOf = ({ info, timeoutMs }: Callable['deployment']) => {
  const { mode, health_check_model: model, health_check_max_tokens: maxTokens, health_check_timeout: seconds } = info;
  return {
    mode: typeof mode === 'string' ? mode : 'chat',
    model: typeof model === 'string' && model !== '' ? withoutProvider(model) : undefined,
    maxTokens: typeof maxTokens === 'number' && maxTokens > 0 ? Math.ceil(maxTokens) : MAX_TOKENS,
    timeoutMs:
      typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : Math.min(timeoutMs ?? TIMEOUT_MS, TIMEOUT_MS),
  };
};

/** `openai/gpt-4o-mini` → `gpt-4o-mini`, as in `litellm_params.model`. */
const withoutProvider = (model: string): string => model.slice(model.indexOf('/') + 1);

const requestOf = (
  mode: Mode,
  model: string,
  maxOutputTokens: number,
): ChatRequest | CompletionRequest | EmbeddingRequest => {
  const asked = { model, stream: false, includeUsage: false, maxOutputTokens, extras: {} };
  if (mode === 'embedding') return { model, input: [PROMPT], extras: {} };
  if (mode === 'completion') return { ...asked, prompt: PROMPT };
  return { ...asked, messages: [{ role: 'user', content: [{ type: 'text', text: PROMPT }] }] };
};

/** Never rejects. */
export const checkDeployment = async (runtime: Runtime, callable: Callable): Promise<Problem> => {
  const { mode, model: named, maxTokens, timeoutMs } = settingsOf(callable.deployment);
  const model = named ?? callable.deployment.model;
  const { chat, completions, embeddings } = callable.operations;
  const operation = { chat, completion: completions, embedding: embeddings }[mode];
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // What has no small call of its own, or no name that could be called, is asked for its list of models.
    if (!operation || model.includes('*')) await callable.provider.exports.models?.list(signal);
    else await callOnce(runtime, callable, operation, requestOf(mode as Mode, model, maxTokens), model, signal);
    return undefined;
  } catch (error) {
    if (signal.aborted) return `It did not answer within ${timeoutMs / 1_000} s.`;
    return redactText(isGatewayError(error) ? error.message : 'It could not be asked.');
  }
};

const callOnce = async (
  { http }: Runtime,
  callable: Callable,
  operation: AnyOperation,
  request: unknown,
  model: string,
  signal: AbortSignal,
): Promise<void> => {
  const { deployment } = callable;
  const { id: deploymentId, provider, info } = deployment;
  const policy = { provider, drop: true, allowed: callable.allowedWith(undefined), dropped: [] };
  const call: Call = { model, stream: false, deploymentId, headers: {}, info, policy };
  if (operation.kind === 'local') {
    await (operation as LocalOperation<unknown, unknown, never>).respond(request, call, signal);
    return;
  }
  const { url, headers, body } = await requestFor(
    callable,
    operation as HttpOperation<unknown, unknown, never>,
    request,
    call,
    signal,
  );
  const answer = await http.request({
    method: 'POST',
    url,
    headers,
    body,
    signal,
    maxBytes: MAX_ANSWER_BYTES,
    isGuarded: callable.isGuarded,
  });
  const text = Buffer.from(answer.body).toString('utf8');
  if (answer.status >= 400)
    throw (operation as HttpOperation<unknown, unknown, never>).toError(
      { status: answer.status, headers: answer.headers, body: text },
      call,
    );
  if (answer.status >= 300)
    throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `It answered with a redirect (${answer.status}).`);
};

const requestFor = async (
  callable: Callable,
  operation: HttpOperation<unknown, unknown, never>,
  request: unknown,
  call: Call,
  signal: AbortSignal,
): Promise<{ url: string; headers: Record<string, string>; body: Uint8Array }> => {
  const written = operation.toBody(request, call);
  const edits = commonEdits(written, callable.deployment, call.model);
  addEdits(edits, operation.adapt?.(applyEdits(written, edits), call));
  const body = Buffer.from(JSON.stringify(applyEdits(written, edits) satisfies JsonObject));
  const endpoint = operation.endpoint(call);
  const ready = { url: endpoint.url, headers: callable.headersWith(endpoint.headers), body };
  return operation.authorize ? operation.authorize(ready, call, signal) : ready;
};
