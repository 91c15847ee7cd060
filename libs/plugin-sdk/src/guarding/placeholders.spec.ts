import { describe, expect, it } from '@jest/globals';
import { Placeholders } from './placeholders.js';

describe('placeholders', () => {
  it('are the same for the same, and give it back', () => {
    const placeholders = new Placeholders([]);
    const [jane, joe, again] = ['jane', 'joe', 'jane'].map((name) => placeholders.placeholderFor('PERSON', name));
    expect([jane, joe, again]).toEqual(['<PERSON_1>', '<PERSON_2>', '<PERSON_1>']);
    expect(placeholders.placeholderFor('US_SSN', 'jane')).toBe('<US_SSN_1>');
    expect(placeholders.restore('<PERSON_2>, <person_1>, <PERSON_3> and <US_SSN_1>')).toBe(
      'joe, jane, <PERSON_3> and jane',
    );
    expect([placeholders.knows('PERSON', 'joe'), placeholders.knows('EMAIL', 'joe')]).toEqual([true, false]);
    expect([placeholders.size, placeholders.isEmpty, new Placeholders([]).isEmpty]).toEqual([11, false, true]);
  });

  it('leave out what the texts hold already', () => {
    const placeholders = new Placeholders(['see <PERSON_1>', '<person_2>']);
    expect(placeholders.placeholderFor('PERSON', 'jane')).toBe('<PERSON_3>');
    expect(placeholders.restore('<PERSON_1>')).toBe('<PERSON_1>');
  });

  it('give back text as it is, whatever signs it holds', () => {
    const placeholders = new Placeholders([]);
    expect(placeholders.restore(placeholders.placeholderFor('X_Y', '$& $1'))).toBe('$& $1');
  });
});
