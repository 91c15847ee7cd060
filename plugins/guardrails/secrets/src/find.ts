// All secrets of a text, each by its kind.
import { foldText, type Finding } from '@turnpike/plugin-sdk';
import { findAssignments, findBearers, findCredentials, isSecretProperty } from './assignments.js';
import { findPrivateKeys } from './private-keys.js';
import { TOKEN_SHAPES, type TokenShape } from './tokens.js';

const FINDERS = {
  'private-key': findPrivateKeys,
  'url-password': findCredentials,
  bearer: findBearers,
  assignment: findAssignments,
} as const;

export type SecretKind = keyof typeof TOKEN_SHAPES | keyof typeof FINDERS;

export const SECRET_KINDS = [...Object.keys(TOKEN_SHAPES), ...Object.keys(FINDERS)] as [SecretKind, ...SecretKind[]];

export interface SecretFinding extends Finding {
  readonly kind: SecretKind;
}

/** @param key property that the text is the value of */
export const findSecrets = (text: string, key?: string): SecretFinding[] => {
  const folded = foldText(text);
  const found: SecretFinding[] = [];
  const add = (kind: string, findings: Iterable<Finding>): void => {
    for (const { start, end } of findings) found.push({ kind: kind as SecretKind, ...folded.original(start, end) });
  };
  for (const [kind, shape] of Object.entries(TOKEN_SHAPES)) add(kind, findTokens(folded.text, shape));
  for (const [kind, find] of Object.entries(FINDERS)) add(kind, find(folded.text));
  if (key !== undefined && isSecretProperty(key, folded.text)) {
    found.push({ kind: 'assignment', start: 0, end: text.length });
  }
  return found;
};

const findTokens = (text: string, { hints, pattern, isReal }: TokenShape): Finding[] => {
  if (!hints.some((hint) => text.includes(hint))) return [];
  return Array.from(text.matchAll(pattern), ({ 0: token, index }) => ({
    start: index,
    end: index + token.length,
    token,
  }))
    .filter(({ token }) => isReal?.(token) ?? true)
    .map(({ start, end }) => ({ start, end }));
};
