// The words of a request, as far as they count as prompt tokens.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

/** Members that hold words; pictures and sounds are counted by no tokenizer. */
const WORDED = [
  'messages',
  'system',
  'prompt',
  'input',
  'tools',
  'functions',
  'contents',
  'systemInstruction',
] as const;

const MEDIA: ReadonlySet<string> = new Set(['image_url', 'input_audio', 'file', 'source', 'inlineData', 'inline_data']);

export const promptTextOf = (body: Readonly<JsonObject>): string => {
  const words: string[] = [];
  for (const member of WORDED) collect(body[member], words);
  return words.join('\n');
};

const collect = (value: JsonValue | undefined, words: string[]): void => {
  if (typeof value === 'string') words.push(value);
  else if (Array.isArray(value)) for (const one of value) collect(one, words);
  else if (isJsonObject(value)) {
    for (const key in value) if (!MEDIA.has(key)) collect(value[key], words);
  }
};
