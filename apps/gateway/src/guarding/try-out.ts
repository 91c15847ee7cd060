// One guardrail's judgement of one text, without a call to any model.
import type { JsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { ChatRequest, ChatResponse, GuardrailMode } from '@turnpike/plugin-sdk';
import { Exchange, type ExchangeInput, type Principal } from '../pipeline/exchange.js';
import { newCallId } from '../pipeline/call-id.js';
import type { Guardrails } from './guardrails.js';
import { NO_GUARDRAILS, type ActiveGuardrail } from './selection.js';

export interface TryOut {
  readonly guardrail: string;
  readonly text: string;
  /** Whose words they are taken for. */
  readonly inputType: 'request' | 'response';
  /** As a client says to it: `extra_body`. */
  readonly parameters: Readonly<JsonObject>;
}

/** @returns the text as the guardrail leaves it @throws GW_NOT_FOUND, GW_GUARDRAIL_BLOCKED, GW_PLUGIN_HOOK */
export const tryOut = async (
  guardrails: Guardrails,
  { guardrail: name, text, inputType, parameters }: TryOut,
  principal: Principal,
  input: ExchangeInput,
): Promise<string> => {
  const active = guardrails.named(name);
  if (!active) throw new GatewayError('GW_NOT_FOUND', `Guardrail '${name.slice(0, 100)}' not found.`);
  const exchange = new Exchange(input);
  exchange.callId = newCallId();
  exchange.principal = principal;
  exchange.guardrails = { ...NO_GUARDRAILS, asked: new Map([[name, parameters]]) };
  const { preCall, duringCall, postCall } = active.instance.exports;
  const request = requestSaying(text);
  switch (momentOf(active, inputType)) {
    case 'pre_call': {
      const verdict = await guardrails.look(exchange, active, 'pre_call', (context) =>
        preCall!.check(request, context),
      );
      return verdict?.action === 'replace' ? saidIn(verdict.value.messages) : text;
    }
    case 'during_call':
      await guardrails.look(exchange, active, 'during_call', (context) => duringCall!.check(request, context));
      return text;
    default: {
      const response = responseSaying(text);
      const verdict = await guardrails.look(exchange, active, 'post_call', (context) =>
        postCall!.check(response, request, context),
      );
      return verdict?.action === 'replace' ? saidIn(verdict.value.choices) : text;
    }
  }
};

/** The one that was meant, or else one that there is. */
const momentOf = ({ instance }: ActiveGuardrail, inputType: TryOut['inputType']): GuardrailMode => {
  const { preCall, duringCall, postCall } = instance.exports;
  if (inputType === 'response' && postCall) return 'post_call';
  return preCall ? 'pre_call' : duringCall ? 'during_call' : 'post_call';
};

const requestSaying = (text: string): ChatRequest => ({
  model: '',
  messages: [{ role: 'user', content: [{ type: 'text', text }] }],
  stream: false,
  includeUsage: false,
  extras: {},
});

const responseSaying = (text: string): ChatResponse => ({
  id: '',
  model: '',
  created: 0,
  choices: [{ index: 0, content: [{ type: 'text', text }], finishReason: 'stop' }],
});

const saidIn = (speakers: readonly { readonly content: readonly object[] }[]): string =>
  speakers.flatMap(({ content }) => content.map((part) => ('text' in part ? String(part.text) : ''))).join('');
