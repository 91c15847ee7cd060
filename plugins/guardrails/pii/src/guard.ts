// Before the call: blocks, or hides. After it: hides what the model brought up, and puts back what was hidden.
import {
  CallMemory,
  changeResponseTexts,
  Placeholders,
  replaceFindings,
  textsOfRequest,
  textsOfResponse,
  withRequestTexts,
  type ChatRequest,
  type ChatResponse,
  type GuardrailV1,
  type GuardrailVerdict,
  type Lifecycle,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import { findPersonalData, type KindFinding } from './find.js';
import { KINDS, type Kind } from './kinds.js';

export interface GuardSettings {
  entities: Readonly<Partial<Record<Kind, 'mask' | 'block' | 'log'>>>;
  isRestored: boolean;
  areAnswersMasked: boolean;
  maxAgeMs: number;
}

const MOST_CALLS = 10_000;
/** Characters; twice as many bytes at most. */
const MOST_KEPT = 32 * 1024 * 1024;

export const createGuard = (
  settings: GuardSettings,
  host: Pick<PluginHost, 'log' | 'metrics' | 'clock'>,
): Required<Pick<GuardrailV1, 'preCall' | 'postCall'>> & Lifecycle => {
  const { entities } = settings;
  const memory = new CallMemory<Placeholders>(
    { maxCalls: MOST_CALLS, maxSize: MOST_KEPT, maxAgeMs: settings.maxAgeMs },
    host.clock,
  );
  // In the order that says which of two kinds names what both found.
  const kinds = KINDS.filter((kind) => entities[kind] !== undefined);
  const isMasked = ({ kind }: KindFinding): boolean => entities[kind] === 'mask';

  const find = (text: string, seen: Set<Kind>): KindFinding[] => {
    const found = findPersonalData(text, kinds);
    for (const { kind } of found) seen.add(kind);
    return found;
  };

  /** @returns a refusal when one of the kinds forbids the call */
  const tell = (seen: ReadonlySet<Kind>): GuardrailVerdict<never> | undefined => {
    if (seen.size === 0) return undefined;
    host.metrics.count('found', seen.size);
    host.log.info('personal data was found', { kinds: [...seen].join(', ') });
    const blocking = [...seen].filter((kind) => entities[kind] === 'block');
    if (blocking.length === 0) return undefined;
    const message = `the text holds personal data (${blocking.join(', ')}). Take it out.`;
    return { action: 'block', message, details: { kinds: blocking } };
  };

  const before = (request: ChatRequest, callId: string): GuardrailVerdict<ChatRequest> => {
    const seen = new Set<Kind>();
    const found = textsOfRequest(request).map(({ text }) => ({ text, findings: find(text, seen) }));
    const refusal = tell(seen);
    if (refusal) return refusal;
    const placeholders = new Placeholders(found.map(({ text }) => text));
    const texts = found.map(({ text, findings }) =>
      replaceFindings(text, findings.filter(isMasked), ({ kind }, value) => placeholders.placeholderFor(kind, value)),
    );
    if (placeholders.isEmpty) return { action: 'pass' };
    if (settings.isRestored) memory.keep(callId, placeholders);
    return { action: 'replace', value: withRequestTexts(request, texts) };
  };

  const after = (response: ChatResponse, callId: string): GuardrailVerdict<ChatResponse> => {
    const placeholders = memory.take(callId);
    const seen = new Set<Kind>();
    // An answer out of the cache says by name what the client told.
    const isNews = (one: KindFinding, text: string): boolean =>
      isMasked(one) && !placeholders?.knows(one.kind, text.slice(one.start, one.end));
    const found = settings.areAnswersMasked
      ? textsOfResponse(response).map(({ text }) => find(text, seen).filter((one) => isNews(one, text)))
      : [];
    const refusal = tell(seen);
    if (refusal) return refusal;
    let next = 0;
    const changed = changeResponseTexts(response, (text, { kind: place }) => {
      const masked = replaceFindings(text, found[next++] ?? [], ({ kind }) => `<${kind}>`);
      // Reasoning is signed by its provider as it is, and is sent back to it.
      return placeholders && place !== 'reasoning' ? placeholders.restore(masked) : masked;
    });
    return changed === response ? { action: 'pass' } : { action: 'replace', value: changed };
  };

  return {
    preCall: { check: (request, { callId }) => Promise.resolve(before(request, callId)) },
    postCall: { check: (response, _request, { callId }) => Promise.resolve(after(response, callId)) },
    stop() {
      memory.clear();
      return Promise.resolve();
    },
  };
};
