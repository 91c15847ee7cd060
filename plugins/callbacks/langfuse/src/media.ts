// Finds images and sound in what is told, which Langfuse keeps apart from the text.

/** As deep as the SDK looks. */
const MAX_DEPTH = 10;

const BASE64_URI = /^data:[^,]{1,200};base64,/;

/** True where a value is a data URI, or holds sound the way OpenAI's API sends it. */
export const holdsMedia = (value: unknown, depth = 0): boolean => {
  if (typeof value === 'string') return BASE64_URI.test(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.some((one) => holdsMedia(one, depth + 1));
  return Object.entries(value).some(
    ([name, one]) => ((name === 'input_audio' || name === 'audio') && isSound(one)) || holdsMedia(one, depth + 1),
  );
};

const isSound = (value: unknown): boolean => typeof value === 'object' && value !== null && 'data' in value;
