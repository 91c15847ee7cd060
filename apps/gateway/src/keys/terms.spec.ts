import { EMPTY_MODEL_CATALOG } from '@turnpike/domain';
import { Principal as ToldPrincipal } from '@turnpike/rpc';
import { describe, expect, it } from '@jest/globals';
import { principalOf, type Terms, type TermsSettings } from './terms.js';

const termsOf = (
  told: Parameters<typeof ToldPrincipal.fromPartial>[0],
  settings: Omit<TermsSettings, 'catalog'> = {},
): Terms =>
  principalOf(ToldPrincipal.fromPartial({ keyHash: 'k', ...told }), { catalog: EMPTY_MODEL_CATALOG, ...settings })
    .terms!;

describe('what a key asks of the router', () => {
  it('is nothing where nothing is set', () => expect(termsOf({}).routing).toBeUndefined());

  it('is what its router_settings say, without what cannot be meant', () => {
    const routerSettings = {
      num_retries: 2,
      timeout: 0,
      stream_timeout: 1.5,
      fallbacks: [{ a: ['b'] }],
      context_window_fallbacks: 'x',
      routing_strategy: 'least-busy',
    };
    expect(termsOf({ routerSettings }).routing).toEqual({
      num_retries: 2,
      stream_timeout: 1.5,
      fallbacks: [{ a: ['b'] }],
    });
    expect(termsOf({ routerSettings: { num_retries: -1 } }).routing).toBeUndefined();
  });

  it('is no fallbacks where the key, or else its team, has them off', () => {
    const off = { disable_fallbacks: true };
    expect(termsOf({ metadata: off }).routing).toEqual(off);
    expect(termsOf({ teamMetadata: off }).routing).toEqual(off);
    expect(termsOf({ metadata: { disable_fallbacks: false }, teamMetadata: off }).routing).toBeUndefined();
  });

  it('names models as its router_settings do, and as itself does first', () => {
    const routerSettings = { model_group_alias: { fast: 'a', slow: 'b', odd: 5 } };
    const { models } = termsOf({ routerSettings, aliases: { slow: 'c' } });
    expect(['fast', 'slow', 'odd'].map((name) => models.resolve(name))).toEqual(['a', 'c', 'odd']);
  });
});

describe('tools', () => {
  it.each<[string, object | undefined, object | undefined, string[] | undefined]>([
    ['the key', { allowed_tools: ['a'] }, { allowed_tools: ['b'] }, ['a']],
    ['its team', {}, { allowed_tools: ['b'] }, ['b']],
    ['nobody', {}, {}, undefined],
    ['an empty list', { allowed_tools: [] }, undefined, undefined],
  ])('are those that %s allows', (_title, metadata, teamMetadata, expected) => {
    expect(termsOf({ metadata, teamMetadata }).allowedTools).toEqual(expected && new Set(expected));
  });
});

describe('the limit of keys without one', () => {
  const settings = { defaultMaxParallelRequests: 4 };
  const rpm = { scope: 'key:k', limits: { rpm: 5 } };

  it.each<[string, Parameters<typeof ToldPrincipal.fromPartial>[0], object[]]>([
    ['for a key without limits', {}, [{ key: 'key:k', maxParallel: 4 }]],
    ['beside other limits', { limits: [rpm] }, [{ key: 'key:k', rpm: 5, maxParallel: 4 }]],
    [
      'not for one with its own',
      { limits: [{ scope: 'key:k', limits: { maxParallelRequests: 1 } }] },
      [{ key: 'key:k', maxParallel: 1 }],
    ],
    ['not for who has no key', { keyHash: '' }, []],
  ])('holds %s', (_title, told, expected) => {
    expect(termsOf(told, settings).bounds.for('m').limits).toEqual(expected);
  });
});

describe('service accounts', () => {
  const serviceAccountParams = ['user'];
  it('have to say what is asked of them, beside what is asked of their key and team', () => {
    const metadata = { service_account_id: 's', enforced_params: ['a'] };
    const { enforcedParams } = termsOf(
      { metadata, teamMetadata: { enforced_params: ['b'] } },
      { serviceAccountParams },
    );
    expect(enforcedParams).toEqual(['a', 'b', 'user']);
  });

  it('are told by their metadata: other keys need not', () => {
    expect(termsOf({}, { serviceAccountParams }).enforcedParams).toBeUndefined();
  });
});
