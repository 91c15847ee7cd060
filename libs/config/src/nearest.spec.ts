import { describe, expect, it } from '@jest/globals';
import { nearest, suggestion } from './nearest.js';

describe('nearest', () => {
  it.each([
    ['api_bsae', 'api_base'],
    ['mster_key', 'master_key'],
    ['databse_conection_pool_limt', 'database_connection_pool_limit'],
  ])('takes %p for %p', (slip, meant) =>
    expect(nearest(slip, ['api_base', 'master_key', 'database_connection_pool_limit'])).toBe(meant),
  );

  it.each([
    ['colour', ['model_list']],
    ['ab', ['xyz']],
    ['anything', []],
  ])('finds nothing like %p in %p', (name, candidates) => expect(nearest(name, candidates)).toBeUndefined());
});

describe('suggestion', () => {
  it('is a sentence, or nothing', () => {
    expect(suggestion('modl', ['model'])).toBe(" Did you mean 'model'?");
    expect(suggestion('colour', ['model'])).toBe('');
  });
});
