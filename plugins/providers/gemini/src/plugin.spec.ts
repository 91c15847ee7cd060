import { describe, expect, it } from '@jest/globals';
import { config } from './config.js';
import { methodUrl, versionedBase } from './endpoint.js';
import { geminiModelList } from './models.js';
import { plugin } from './plugin.js';

const KEY = 'AIza-made-up-key';
const GOOGLE = 'https://generativelanguage.googleapis.com';

describe('config', () => {
  it.each([{}, { api_base: GOOGLE }, { api_base: `${GOOGLE}/v1/` }])(
    'names GEMINI_API_KEY when %j has no key',
    (value) => {
      const { error } = config.safeParse(value);
      expect(error?.issues).toEqual([
        expect.objectContaining({ path: ['api_key'], message: expect.stringContaining('GEMINI_API_KEY') }),
      ]);
    },
  );

  it('needs no key for a proxy that has its own', () => {
    expect(config.safeParse({ api_base: 'https://proxy.example' }).success).toBe(true);
    expect(config.parse({ api_key: KEY }).api_base).toBe(`${GOOGLE}/v1beta`);
  });
});

describe('addresses', () => {
  it.each([
    [GOOGLE, `${GOOGLE}/v1beta`],
    [`${GOOGLE}/`, `${GOOGLE}/v1beta`],
    [`${GOOGLE}/v1beta`, `${GOOGLE}/v1beta`],
    [`${GOOGLE}/v1alpha//`, `${GOOGLE}/v1alpha`],
    ['https://proxy.example/v2/gemini', 'https://proxy.example/v2/gemini/v1beta'],
  ])('makes %s the base %s', (base, expected) => {
    expect(versionedBase(base)).toBe(expected);
  });

  it.each([
    ['gemini-2.5-flash', 'models/gemini-2.5-flash:m'],
    ['models/gemini-2.5-flash', 'models/gemini-2.5-flash:m'],
    ['tunedModels/mine', 'tunedModels/mine:m'],
    ['models/../../secret', 'models/..%2F..%2Fsecret:m'],
    ['..', 'models/..:m'],
  ])('keeps the model %s in its place', (model, path) => {
    expect(new URL(methodUrl('https://a.example/v1', model, 'm')).href).toBe(`https://a.example/v1/${path}`);
  });
});

describe('plugin', () => {
  it.each([
    ['gemini-2.5-pro', true],
    ['gemma-3-27b-it', true],
    ['my-gemini-2.5-pro', false],
    ['gpt-4o', false],
  ])('recognises %s: %p', (model, expected) => {
    expect(plugin.recognises?.some((pattern) => pattern.test(model))).toBe(expected);
  });
});

describe('geminiModelList', () => {
  it('stops at a host whose list never ends', async () => {
    let pages = 0;
    const http = {
      request: async () => {
        pages += 1;
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ models: [], nextPageToken: 'more' })) };
      },
    };
    const list = geminiModelList({ url: 'https://a.example/models', headers: {} }, 'provider.gemini', http);
    await expect(list.list(new AbortController().signal)).resolves.toEqual([]);
    expect(pages).toBe(20);
  });
});
