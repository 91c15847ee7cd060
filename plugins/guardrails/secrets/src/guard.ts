// Masks, blocks or logs what is found; by its kind alone, never by what it says.
import {
  AnswerBlocked,
  changeRequestTexts,
  changeResponseTexts,
  FindingStream,
  guardAnswerTexts,
  heldText,
  MaskedCounter,
  replaceFindings,
  type AnswerStreamV1,
  type ChangeText,
  type GuardrailBlock,
  type GuardrailV1,
  type GuardrailVerdict,
  type PluginHost,
  type TextPlace,
  type TextStream,
} from '@turnpike/plugin-sdk';
import { findSecrets, findSecretsFrom, openFrom, type SecretFinding, type SecretKind } from './find.js';
import type { Settings } from './index.js';

export const createGuard = (
  { action, replacement, except }: Settings,
  host: Pick<PluginHost, 'log' | 'metrics'>,
): Required<Pick<GuardrailV1, 'preCall' | 'postCall'>> => {
  const isSought = ({ kind }: SecretFinding): boolean => !except.includes(kind);
  const maskOf = ({ kind }: SecretFinding): string => replacement.replaceAll('{kind}', kind);

  /** @returns a refusal where secrets forbid the call */
  const tell = (kinds: ReadonlySet<SecretKind>): GuardrailBlock | undefined => {
    const names = [...kinds];
    host.metrics.count('found', names.length);
    host.log.warn('secrets were found', { kinds: names.join(', '), action });
    if (action !== 'block') return undefined;
    const message = `the text holds secrets (${names.join(', ')}). Take them out.`;
    return { action: 'block', message, details: { kinds: names } };
  };

  /** @param change runs through all texts of `value` */
  const verdictOf = <T>(value: T, change: (change: ChangeText) => T): GuardrailVerdict<T> => {
    const kinds = new Set<SecretKind>();
    const counter = new MaskedCounter();
    const masked = change((text, { key }) => {
      const found = findSecrets(text, key).filter(isSought);
      for (const { kind } of found) kinds.add(kind);
      return action === 'mask' ? replaceFindings(text, found, counting(counter)) : text;
    });
    const refusal = kinds.size > 0 ? tell(kinds) : undefined;
    if (refusal) return refusal;
    return masked === value ? { action: 'pass' } : { action: 'replace', value: masked, masked: counter.masked };
  };

  const counting =
    (counter: MaskedCounter) =>
    (finding: SecretFinding): string => {
      counter.add(finding.kind);
      return maskOf(finding);
    };

  const along = (): AnswerStreamV1 => {
    const kinds = new Set<SecretKind>();
    const counter = new MaskedCounter();
    const onFound = ({ kind }: SecretFinding): void => {
      if (kinds.has(kind)) return;
      kinds.add(kind);
      const refusal = tell(new Set([kind]));
      if (refusal) throw new AnswerBlocked(refusal.message, refusal.details);
    };
    const isMasked = (): boolean => action === 'mask';
    const growing = (): TextStream =>
      new FindingStream<SecretFinding>({
        find: (text, from) => findSecretsFrom(text, from).filter(isSought),
        openFrom,
        onFound,
        isMasked,
        replacementOf: counting(counter),
      });
    /** A value is a secret by the name of its property, and only as a whole. */
    const argument = (key: string | undefined): TextStream =>
      heldText((text) => {
        const found = findSecrets(text, key).filter(isSought);
        for (const one of found) onFound(one);
        return isMasked() ? replaceFindings(text, found, counting(counter)) : text;
      });
    const open = ({ kind, key }: TextPlace): TextStream => (kind === 'argument' ? argument(key) : growing());
    return guardAnswerTexts(open, () => counter.masked);
  };

  return {
    preCall: {
      check: (request) => Promise.resolve(verdictOf(request, (change) => changeRequestTexts(request, change))),
    },
    postCall: {
      check: (response) => Promise.resolve(verdictOf(response, (change) => changeResponseTexts(response, change))),
      stream: along,
    },
  };
};
