// Before the call: blocks, or hides. After it: hides what the model brought up, and puts back what was hidden.
import {
  changeResponseTexts,
  guardAnswerTexts,
  inGroups,
  MaskedCounter,
  Placeholders,
  replaceFindings,
  textsOfRequest,
  textsOfResponse,
  untouchedText,
  withRequestTexts,
  withResponseTexts,
  type ChatRequest,
  type ChatResponse,
  type GuardrailContext,
  type GuardrailBlock,
  type GuardrailV1,
  type GuardrailVerdict,
  type MaskedCounts,
  type PlacedText,
  type PluginHost,
  type TextPlace,
} from '@turnpike/plugin-sdk';
import type { Settings } from './index.js';
import { analyze, anonymize, type Entity } from './service.js';

/** Questions under way at once for one call. */
const MOST_QUESTIONS = 8;

interface Analyzed {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** What was hidden of this call. */
const hiddenIn = ({ memory }: GuardrailContext): Placeholders | undefined =>
  memory.kept instanceof Placeholders ? memory.kept : undefined;

/** Recognizers of one's own may be called anything; placeholders are in capitals. */
const kindOf = (entity: string): string =>
  entity
    .toUpperCase()
    .replaceAll(/[^A-Z_]/g, '_')
    .slice(0, 48)
    .padEnd(2, '_');

/** Reasoning is signed by its provider as it is, and is sent back to it. */
const isGivenBack = ({ kind }: Pick<TextPlace, 'kind'>): boolean => kind !== 'reasoning';

const countsOf = (found: readonly Analyzed[]): MaskedCounts | undefined => {
  const counter = new MaskedCounter();
  for (const { entities } of found) for (const { entity } of entities) counter.add(entity);
  return counter.masked;
};

export const createGuard = (
  settings: Settings,
  host: Pick<PluginHost, 'http' | 'log' | 'metrics'>,
): Required<Pick<GuardrailV1, 'preCall' | 'postCall'>> => {
  const scope = settings.presidio_filter_scope;
  // As LiteLLM: what is given back is not hidden again.
  const areAnswersAnalyzed = scope !== 'input' && !settings.output_parse_pii;

  const analyzed = (texts: readonly PlacedText[], { signal, parameters }: GuardrailContext): Promise<Analyzed[]> => {
    const { language } = parameters;
    const asked = typeof language === 'string' ? language : settings.presidio_language;
    return inGroups(texts, MOST_QUESTIONS, async ({ text }) => ({
      text,
      entities: text.trim() === '' ? [] : await analyze(host.http, text, asked, settings, signal),
    }));
  };

  /** @returns a refusal when one of the entities forbids the call */
  const refusalOf = (found: readonly Analyzed[]): GuardrailBlock | undefined => {
    const entities = [...new Set(found.flatMap((one) => one.entities.map(({ entity }) => entity)))];
    if (entities.length === 0) return undefined;
    host.metrics.count('found', entities.length);
    host.log.info('personal data was found', { entities: entities.join(', ') });
    const blocking = entities.filter((entity) => settings.pii_entities_config?.[entity] === 'BLOCK');
    if (blocking.length === 0) return undefined;
    const message = `the text holds personal data (${blocking.join(', ')}). Take it out.`;
    return { action: 'block', message, details: { entities: blocking } };
  };

  /** Hides for good. */
  const maskedTexts = (found: readonly Analyzed[], { signal }: GuardrailContext): Promise<string[]> =>
    inGroups(found, MOST_QUESTIONS, ({ text, entities }) => {
      const base = settings.presidio_anonymizer_api_base;
      if (base && entities.length > 0) return anonymize(host.http, base, text, entities, signal);
      return Promise.resolve(replaceFindings(text, entities, ({ entity }) => `<${entity}>`));
    });

  /** Hides until the answer gives it back. */
  const placed = (found: readonly Analyzed[], { memory }: GuardrailContext): string[] => {
    const placeholders = new Placeholders(found.map(({ text }) => text));
    memory.kept = placeholders;
    return found.map(({ text, entities }) =>
      replaceFindings(text, entities, ({ entity }, value) => placeholders.placeholderFor(kindOf(entity), value)),
    );
  };

  const before = async (request: ChatRequest, context: GuardrailContext): Promise<GuardrailVerdict<ChatRequest>> => {
    if (scope === 'output') return { action: 'pass' };
    const found = await analyzed(textsOfRequest(request), context);
    const refusal = refusalOf(found);
    if (refusal) return refusal;
    const masked = countsOf(found);
    if (!masked) return { action: 'pass' };
    const texts = settings.output_parse_pii ? placed(found, context) : await maskedTexts(found, context);
    return { action: 'replace', value: withRequestTexts(request, texts), masked };
  };

  const restored = (response: ChatResponse, context: GuardrailContext): GuardrailVerdict<ChatResponse> => {
    const placeholders = hiddenIn(context);
    if (!placeholders) return { action: 'pass' };
    const value = changeResponseTexts(response, (text, place) =>
      isGivenBack(place) ? placeholders.restore(text) : text,
    );
    return value === response ? { action: 'pass' } : { action: 'replace', value };
  };

  const after = async (response: ChatResponse, context: GuardrailContext): Promise<GuardrailVerdict<ChatResponse>> => {
    if (!areAnswersAnalyzed) return restored(response, context);
    const found = await analyzed(textsOfResponse(response), context);
    const refusal = refusalOf(found);
    if (refusal) return refusal;
    const value = withResponseTexts(response, await maskedTexts(found, context));
    return value === response ? { action: 'pass' } : { action: 'replace', value, masked: countsOf(found) };
  };

  return {
    preCall: { check: before },
    postCall: {
      check: (response, _request, context) => after(response, context),
      /** To give back needs no service; to analyze needs the whole answer. */
      stream: (_request, context) => {
        if (areAnswersAnalyzed) return undefined;
        const placeholders = hiddenIn(context);
        if (!placeholders) return 'pass';
        return guardAnswerTexts((place) => (isGivenBack(place) ? placeholders.restoring() : untouchedText()));
      },
    },
  };
};
