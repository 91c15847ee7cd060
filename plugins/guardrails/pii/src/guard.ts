// Before the call: blocks, or hides. After it: hides what the model brought up, and puts back what was hidden.
import {
  AnswerBlocked,
  changeResponseTexts,
  FindingStream,
  guardAnswerTexts,
  inTurn,
  MaskedCounter,
  Placeholders,
  replaceFindings,
  textsOfRequest,
  textsOfResponse,
  untouchedText,
  withRequestTexts,
  type AnswerStreamV1,
  type ChatRequest,
  type ChatResponse,
  type GuardrailBlock,
  type GuardrailContext,
  type GuardrailV1,
  type GuardrailVerdict,
  type PluginHost,
  type TextPlace,
  type TextStream,
} from '@turnpike/plugin-sdk';
import { findFrom, findPersonalData, openFrom, type KindFinding } from './find.js';
import { KINDS, type Kind } from './kinds.js';

export interface GuardSettings {
  entities: Readonly<Partial<Record<Kind, 'mask' | 'block' | 'log'>>>;
  isRestored: boolean;
  areAnswersMasked: boolean;
}

/** What was hidden of this call. */
const hiddenIn = ({ memory }: GuardrailContext): Placeholders | undefined =>
  memory.kept instanceof Placeholders ? memory.kept : undefined;

/** Reasoning is signed by its provider as it is, and is sent back to it. */
const isGivenBack = ({ kind }: Pick<TextPlace, 'kind'>): boolean => kind !== 'reasoning';

export const createGuard = (
  { entities, isRestored, areAnswersMasked }: GuardSettings,
  host: Pick<PluginHost, 'log' | 'metrics'>,
): Required<Pick<GuardrailV1, 'preCall' | 'postCall'>> => {
  // In the order that says which of two kinds names what both found.
  const kinds = KINDS.filter((kind) => entities[kind] !== undefined);
  const isMasked = ({ kind }: KindFinding): boolean => entities[kind] === 'mask';
  const maskOf = ({ kind }: KindFinding): string => `<${kind}>`;

  const find = (text: string, seen: Set<Kind>): KindFinding[] => {
    const found = findPersonalData(text, kinds);
    for (const { kind } of found) seen.add(kind);
    return found;
  };

  /** @returns a refusal when one of the kinds forbids the call */
  const tell = (seen: ReadonlySet<Kind>): GuardrailBlock | undefined => {
    if (seen.size === 0) return undefined;
    host.metrics.count('found', seen.size);
    host.log.info('personal data was found', { kinds: [...seen].join(', ') });
    const blocking = [...seen].filter((kind) => entities[kind] === 'block');
    if (blocking.length === 0) return undefined;
    const message = `the text holds personal data (${blocking.join(', ')}). Take it out.`;
    return { action: 'block', message, details: { kinds: blocking } };
  };

  const before = (request: ChatRequest, { memory }: GuardrailContext): GuardrailVerdict<ChatRequest> => {
    const seen = new Set<Kind>();
    const found = textsOfRequest(request).map(({ text }) => ({ text, findings: find(text, seen) }));
    const refusal = tell(seen);
    if (refusal) return refusal;
    const counter = new MaskedCounter();
    const placeholders = new Placeholders(found.map(({ text }) => text));
    const texts = found.map(({ text, findings }) =>
      replaceFindings(text, findings.filter(isMasked), ({ kind }, value) => {
        counter.add(kind);
        return placeholders.placeholderFor(kind, value);
      }),
    );
    if (placeholders.isEmpty) return { action: 'pass' };
    if (isRestored) memory.kept = placeholders;
    return { action: 'replace', value: withRequestTexts(request, texts), masked: counter.masked };
  };

  const after = (response: ChatResponse, context: GuardrailContext): GuardrailVerdict<ChatResponse> => {
    const placeholders = hiddenIn(context);
    const seen = new Set<Kind>();
    const counter = new MaskedCounter();
    // An answer out of the cache says by name what the client told.
    const isNews = (one: KindFinding, text: string): boolean =>
      isMasked(one) && !placeholders?.knows(one.kind, text.slice(one.start, one.end));
    const found = areAnswersMasked
      ? textsOfResponse(response).map(({ text }) => find(text, seen).filter((one) => isNews(one, text)))
      : [];
    const refusal = tell(seen);
    if (refusal) return refusal;
    let next = 0;
    const changed = changeResponseTexts(response, (text, place) => {
      const masked = replaceFindings(text, found[next++] ?? [], (finding) => {
        counter.add(finding.kind);
        return maskOf(finding);
      });
      return placeholders && isGivenBack(place) ? placeholders.restore(masked) : masked;
    });
    return changed === response ? { action: 'pass' } : { action: 'replace', value: changed, masked: counter.masked };
  };

  const along = (context: GuardrailContext): AnswerStreamV1 | 'pass' => {
    const placeholders = hiddenIn(context);
    if (!areAnswersMasked && !placeholders) return 'pass';
    const seen = new Set<Kind>();
    const counter = new MaskedCounter();
    const onFound = ({ kind }: KindFinding): void => {
      if (seen.has(kind)) return;
      seen.add(kind);
      const refusal = tell(new Set([kind]));
      if (refusal) throw new AnswerBlocked(refusal.message, refusal.details);
    };
    const hiding = (): TextStream =>
      new FindingStream<KindFinding>({
        find: (text, from) => findFrom(text, from, kinds),
        openFrom,
        onFound,
        isMasked,
        replacementOf: (finding, value) => {
          if (placeholders?.knows(finding.kind, value)) return value;
          counter.add(finding.kind);
          return maskOf(finding);
        },
      });
    const open = (place: TextPlace): TextStream => {
      const masked = areAnswersMasked ? hiding() : untouchedText();
      return placeholders && isGivenBack(place) ? inTurn(masked, placeholders.restoring()) : masked;
    };
    return guardAnswerTexts(open, () => counter.masked);
  };

  return {
    preCall: { check: (request, context) => Promise.resolve(before(request, context)) },
    postCall: {
      check: (response, _request, context) => Promise.resolve(after(response, context)),
      stream: (_request, context) => along(context),
    },
  };
};
