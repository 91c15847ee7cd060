// `{id?, function: {name, arguments: {…}}}`: whole calls, with an id in newer versions only.
import { argumentsText, isJsonObject, unreadable, type JsonObject, type ToolCallPart } from '@turnpike/plugin-sdk';
import { createHash } from 'node:crypto';

/** `createdAt` is exact to the nanosecond, so that ids made from it are not made twice. */
export const fromToolCall = (call: JsonObject, index: number, createdAt: string): ToolCallPart => {
  const described = call['function'];
  if (!isJsonObject(described) || typeof described['name'] !== 'string') {
    throw unreadable('a tool call has no name');
  }
  const { name } = described;
  const written = argumentsText(described['arguments']) || '{}';
  const { id } = call;
  return {
    type: 'tool-call',
    id: typeof id === 'string' && id !== '' ? id : madeId(`${createdAt}\n${index}\n${name}\n${written}`),
    name,
    arguments: written,
  };
};

const madeId = (seed: string): string => `call_${createHash('sha256').update(seed).digest('hex').slice(0, 24)}`;
