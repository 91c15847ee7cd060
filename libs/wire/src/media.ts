// Media inside JSON: data URLs and OpenAI's short format names.

/** `data:image/png;base64,AAAA` → its type and base64, or undefined for any other URL. */
export const parseDataUrl = (url: string): { mediaType: string; data: string } | undefined => {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  if (comma === -1) return undefined;
  const head = url.slice(5, comma);
  const isBase64 = head.endsWith(';base64');
  const mediaType = (isBase64 ? head.slice(0, -7) : head) || 'text/plain';
  const payload = url.slice(comma + 1);
  const data = isBase64 ? payload : Buffer.from(percentDecode(payload), 'utf8').toString('base64');
  // `image/jpg` is not a registered type and several hosts refuse it.
  return { mediaType: mediaType === 'image/jpg' ? 'image/jpeg' : mediaType, data };
};

/** A lone `%` stands for itself, as in browsers. */
const percentDecode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export const toDataUrl = (mediaType: string, data: string): string => `data:${mediaType};base64,${data}`;

/** A map, because the names come from clients: `constructor` is no format. */
const AUDIO_TYPES: ReadonlyMap<string, string> = new Map([
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mpeg'],
  ['flac', 'audio/flac'],
  ['opus', 'audio/opus'],
  ['ogg', 'audio/ogg'],
  ['aac', 'audio/aac'],
  ['m4a', 'audio/mp4'],
  ['pcm16', 'audio/L16'],
]);

export const audioFormatToMediaType = (format: string): string => AUDIO_TYPES.get(format) ?? `audio/${format}`;

export const mediaTypeToAudioFormat = (mediaType: string): string =>
  [...AUDIO_TYPES].find(([, type]) => type === mediaType)?.[0] ?? mediaType.replace(/^audio\//, '');
