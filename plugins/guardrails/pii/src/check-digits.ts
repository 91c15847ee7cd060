// Numbers that can be told from others by their own digits.

const digitsOf = (text: string): number[] => Array.from(text.replaceAll(/\D/g, ''), Number);

const weighted = (values: readonly number[], weights: readonly number[]): number =>
  weights.reduce((sum, weight, index) => sum + weight * (values[index] ?? 0), 0);

/** Every second digit from the right doubled, the digits of all of them added: a multiple of ten (ISO/IEC 7812-1). @param number digits alone */
export const isLuhn = (number: string): boolean => {
  let sum = 0;
  for (let place = 0; place < number.length; place += 1) {
    const digit = number.charCodeAt(number.length - 1 - place) - 48;
    const counted = place % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
};

/** Letters as 10 to 35, the first four characters last: the rest of the division by 97 is 1 (ISO 13616). */
export const isIban = (iban: string): boolean => {
  let rest = 0;
  for (const character of `${iban.slice(4)}${iban.slice(0, 4)}`) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
};

const brazilianDigit = (values: readonly number[], weights: readonly number[]): number => {
  const rest = weighted(values, weights) % 11;
  return rest < 2 ? 0 : 11 - rest;
};

/** Brazil's number of a person: nine digits and two that check them. */
export const isCpf = (text: string): boolean => {
  const digits = digitsOf(text);
  return (
    digits.length === 11 &&
    new Set(digits).size > 1 &&
    digits[9] === brazilianDigit(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) &&
    digits[10] === brazilianDigit(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
  );
};

/** Brazil's number of a company: a letter counts as its ASCII code less 48. */
export const isCnpj = (text: string): boolean => {
  const values = Array.from(text.replaceAll(/[^A-Z\d]/g, ''), (character) => character.charCodeAt(0) - 48);
  const weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
  return (
    values.length === 14 &&
    new Set(values).size > 1 &&
    values[12] === brazilianDigit(values, weights) &&
    values[13] === brazilianDigit(values, [6, ...weights])
  );
};

/** China's number of a person: the last of 18 characters checks the others (GB 11643). */
export const isChineseId = (text: string): boolean => {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const rest = weighted(Array.from(text, Number), weights) % 11;
  return '10X98765432'.charAt(rest) === text.charAt(17).toUpperCase();
};

/** Those that the USA never give out begin with 000, 666 or 9, or have a group of noughts. */
export const isSocialSecurityNumber = (text: string): boolean => {
  const [area = '', group, serial] = text.split(/[- ]/);
  return !/^(?:000|666|9)/.test(area) && group !== '00' && serial !== '0000';
};
