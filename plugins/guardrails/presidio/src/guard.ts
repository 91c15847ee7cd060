// Before the call: blocks, or hides. After it: hides what the model brought up, and puts back what was hidden.
import {
  CallMemory,
  changeResponseTexts,
  Placeholders,
  replaceFindings,
  ServiceFailure,
  textsOfRequest,
  textsOfResponse,
  withRequestTexts,
  type GuardrailV1,
  type GuardrailVerdict,
  type Lifecycle,
  type PlacedText,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import type { Settings } from './index.js';
import { analyze, anonymize, type Entity } from './service.js';

/** Questions under way at once for one call. */
const MOST_QUESTIONS = 8;
const MOST_CALLS = 10_000;
/** Characters; twice as many bytes at most. */
const MOST_KEPT = 32 * 1024 * 1024;

interface Analyzed {
  readonly text: string;
  readonly entities: readonly Entity[];
}

export const createGuard = (
  settings: Settings,
  host: Pick<PluginHost, 'http' | 'log' | 'metrics' | 'clock'>,
): Required<Pick<GuardrailV1, 'preCall' | 'postCall'>> & Lifecycle => {
  const scope = settings.presidio_filter_scope;
  const timeoutMs = settings.timeout_seconds * 1_000;
  const memory = new CallMemory<Placeholders>(
    { maxCalls: MOST_CALLS, maxSize: MOST_KEPT, maxAgeMs: settings.remember_seconds * 1_000 },
    host.clock,
  );

  const analyzed = (texts: readonly PlacedText[], signal: AbortSignal): Promise<Analyzed[]> =>
    inGroups(texts, async ({ text }) => ({
      text,
      entities: text.trim() === '' ? [] : await analyze(host.http, text, settings, signal),
    }));

  /** @returns a refusal when one of the entities forbids the call */
  const refusalOf = (found: readonly Analyzed[]): GuardrailVerdict<never> | undefined => {
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
  const maskedTexts = (found: readonly Analyzed[], signal: AbortSignal): Promise<string[]> =>
    inGroups(found, ({ text, entities }) => {
      const base = settings.presidio_anonymizer_api_base;
      if (base && entities.length > 0) return anonymize(host.http, base, text, entities, { signal, timeoutMs });
      return Promise.resolve(replaceFindings(text, entities, ({ entity }) => `<${entity}>`));
    });

  const mayFail = async <T>(work: () => Promise<GuardrailVerdict<T>>): Promise<GuardrailVerdict<T>> => {
    try {
      return await work();
    } catch (error) {
      const mayPass = settings.unreachable_fallback === 'fail_open';
      if (!(error instanceof ServiceFailure && error.isUnreachable && mayPass)) throw error;
      host.metrics.count('passed_unjudged');
      host.log.error('a call passed unjudged', { why: error.message });
      return { action: 'pass' };
    }
  };

  return {
    preCall: {
      check: (request, { callId, signal }) =>
        mayFail(async () => {
          if (scope === 'output') return { action: 'pass' };
          const found = await analyzed(textsOfRequest(request), signal);
          const refusal = refusalOf(found);
          if (refusal) return refusal;
          if (found.every(({ entities }) => entities.length === 0)) return { action: 'pass' };
          if (!settings.output_parse_pii) {
            return { action: 'replace', value: withRequestTexts(request, await maskedTexts(found, signal)) };
          }
          const placeholders = new Placeholders(found.map(({ text }) => text));
          const texts = found.map(({ text, entities }) =>
            replaceFindings(text, entities, ({ entity }, value) => placeholders.placeholderFor(entity, value)),
          );
          memory.keep(callId, placeholders);
          return { action: 'replace', value: withRequestTexts(request, texts) };
        }),
    },
    postCall: {
      async check(response, _request, { callId, signal }) {
        const placeholders = memory.take(callId);
        const restored = (): GuardrailVerdict<typeof response> => {
          if (!placeholders) return { action: 'pass' };
          const value = changeResponseTexts(response, (text, { kind }) =>
            // Reasoning is signed by its provider as it is, and is sent back to it.
            kind === 'reasoning' ? text : placeholders.restore(text),
          );
          return value === response ? { action: 'pass' } : { action: 'replace', value };
        };
        // As LiteLLM: what is given back is not hidden again.
        if (settings.output_parse_pii || scope === 'input') return restored();
        return mayFail(async () => {
          const found = await analyzed(textsOfResponse(response), signal);
          const refusal = refusalOf(found);
          if (refusal) return refusal;
          const texts = await maskedTexts(found, signal);
          let next = 0;
          const value = changeResponseTexts(response, (text) => texts[next++] ?? text);
          return value === response ? { action: 'pass' } : { action: 'replace', value };
        });
      },
    },
    stop() {
      memory.clear();
      return Promise.resolve();
    },
  };
};

/** In order. The first failure ends it. */
const inGroups = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += MOST_QUESTIONS) {
    results.push(...(await Promise.all(items.slice(from, from + MOST_QUESTIONS).map(work))));
  }
  return results;
};
