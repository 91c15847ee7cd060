import { describe, expect, it } from '@jest/globals';
import { audioFormatToMediaType, mediaTypeToAudioFormat, parseDataUrl, toDataUrl } from './media.js';

describe('a data URL', () => {
  it.each<[string, string, string]>([
    ['data:image/png;base64,AAAA', 'image/png', 'AAAA'],
    ['data:image/jpg;base64,AAAA', 'image/jpeg', 'AAAA'],
    ['data:;base64,AAAA', 'text/plain', 'AAAA'],
    ['data:,Hi', 'text/plain', 'SGk='],
    ['data:text/plain,H%C3%AE', 'text/plain', 'SMOu'],
    ['data:text/plain,100%', 'text/plain', 'MTAwJQ=='],
  ])('%s is read', (url, mediaType, data) => expect(parseDataUrl(url)).toEqual({ mediaType, data }));

  it.each(['https://a.b/c.png', 'data:image/png', ''])('%j is none', (url) =>
    expect(parseDataUrl(url)).toBeUndefined(),
  );

  it('survives being written and read', () => {
    expect(parseDataUrl(toDataUrl('image/webp', 'AAAA'))).toEqual({ mediaType: 'image/webp', data: 'AAAA' });
  });
});

describe('a format of sound', () => {
  it.each([
    ['wav', 'audio/wav'],
    ['mp3', 'audio/mpeg'],
    ['m4a', 'audio/mp4'],
    ['pcm16', 'audio/L16'],
    ['amr', 'audio/amr'],
    ['constructor', 'audio/constructor'],
  ])('%s is %s', (format, mediaType) => {
    expect(audioFormatToMediaType(format)).toBe(mediaType);
    expect(mediaTypeToAudioFormat(mediaType)).toBe(format);
  });
});
