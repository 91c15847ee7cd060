// Whether a word was made by chance or by a person: keys are, names of things are not.

/** Bits that each character tells, by how often each occurs in this very text (Shannon). */
export const bitsPerCharacter = (text: string): number => {
  const counts = new Map<string, number>();
  let length = 0;
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    length += 1;
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
};

/** Letters and digits, and few of them more often than others. */
export const looksRandom = (text: string, leastLength: number, leastBits = 3): boolean =>
  text.length >= leastLength && /[A-Za-z]/.test(text) && /\d/.test(text) && bitsPerCharacter(text) >= leastBits;
