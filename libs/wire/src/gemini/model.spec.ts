import { describe, expect, it } from '@jest/globals';
import { geminiModelFacts, geminiResource, type GeminiModelFacts } from './model.js';

const NEWEST: GeminiModelFacts = {
  hasSystemInstruction: true,
  hasJsonSchema: true,
  combinesToolsAndJson: true,
  hasResponseParts: true,
  needsSignatures: true,
  hasPenalties: true,
  flagsServerTools: true,
  billsSearchQueries: true,
};

const SECOND: GeminiModelFacts = {
  ...NEWEST,
  combinesToolsAndJson: false,
  hasResponseParts: false,
  needsSignatures: false,
  flagsServerTools: false,
  billsSearchQueries: false,
};

describe('geminiModelFacts', () => {
  it.each<[string, GeminiModelFacts]>([
    ['gemini-3-pro-preview', NEWEST],
    ['gemini-3.7-flash', NEWEST],
    ['gemini-flash-latest', NEWEST],
    ['tunedModels/mine', NEWEST],
    ['gemini-2.5-pro', { ...SECOND, hasPenalties: false }],
    ['gemini/gemini-2.5-flash', { ...SECOND, hasPenalties: false }],
    ['gemini-2.0-flash', SECOND],
    ['gemma-4-31b-it', SECOND],
    ['gemini-1.5-pro', { ...SECOND, hasJsonSchema: false }],
    ['gemma-3n-e4b-it', { ...SECOND, hasJsonSchema: false, hasSystemInstruction: false }],
    ['gemini-pro', { ...SECOND, hasJsonSchema: false, hasSystemInstruction: false }],
  ])('knows %s', (model, facts) => {
    expect(geminiModelFacts(model)).toEqual(facts);
  });
});

describe('geminiResource', () => {
  it.each([
    ['gemini-x', 'models/gemini-x'],
    ['models/gemini-x', 'models/gemini-x'],
    ['tunedModels/x', 'tunedModels/x'],
  ])('calls %s %s', (model, resource) => {
    expect(geminiResource(model)).toBe(resource);
  });
});
