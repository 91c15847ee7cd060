// Words and phrases, all sought in one pass (Aho–Corasick): the time does not grow with their number.
import { foldText, type Finding } from '@turnpike/plugin-sdk';
import type { Search } from './rules.js';

interface Node {
  /** Characters from the root. */
  depth: number;
  next: Map<number, Node>;
  /** Where to go on when the next character does not fit. */
  fallback: Node | undefined;
  /** Keyword that ends here. */
  keyword?: Keyword;
  /** The nearest node along the fallbacks where a keyword ends. */
  ending: Node | undefined;
}

interface Keyword {
  length: number;
  /** Scripts without spaces have no borders of words. */
  needsBorderBefore: boolean;
  needsBorderAfter: boolean;
}

const SPACE = 0x20;
const WORD = /[\p{L}\p{N}\p{M}_]/u;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** @param keywords any white space in them stands for any white space in the text */
export const createKeywordSearch = (keywords: readonly string[], isCaseSensitive: boolean): Search => {
  const prepare = (text: string): string => (isCaseSensitive ? text : lowerCase(text));
  const root = treeOf(keywords.map((keyword) => prepare(foldText(keyword).text).trim().replaceAll(/\s+/g, ' ')));
  return {
    find: (text, from) => find(root, prepare(text), from),
    openFrom: (text, from) => openFrom(root, prepare(text), from),
  };
};

/** As long as the text: the one letter whose small form is longer is taken for its plain form. */
const lowerCase = (text: string): string => text.replaceAll('İ', 'I').toLowerCase();

const newNode = (depth = 0): Node => ({ depth, next: new Map(), fallback: undefined, ending: undefined });

const treeOf = (keywords: readonly string[]): Node => {
  const root = newNode();
  for (const keyword of keywords) {
    let node = root;
    for (let index = 0; index < keyword.length; index += 1) {
      const code = keyword.charCodeAt(index);
      const next = node.next.get(code) ?? newNode(node.depth + 1);
      node.next.set(code, next);
      node = next;
    }
    node.keyword = {
      length: keyword.length,
      needsBorderBefore: hasBorder(firstOf(keyword)),
      needsBorderAfter: hasBorder(lastOf(keyword)),
    };
  }
  // By depth: a fallback is always nearer to the root, so it is complete when it is needed.
  for (let level = [root]; level.length > 0; level = level.flatMap((node) => [...node.next.values()])) {
    for (const node of level) {
      for (const [code, child] of node.next) {
        let back = node.fallback;
        while (back && !back.next.has(code)) back = back.fallback;
        child.fallback = back?.next.get(code) ?? root;
        child.ending = child.fallback.keyword ? child.fallback : child.fallback.ending;
      }
    }
  }
  return root;
};

const hasBorder = (character: string): boolean => WORD.test(character) && !UNSPACED.test(character);

const firstOf = (text: string): string => String.fromCodePoint(text.codePointAt(0)!);

const lastOf = (text: string): string => characterBefore(text, text.length);

/** Calls `visit` with where the tree is after each character. */
const walk = function* (root: Node, text: string, from: number): Generator<{ node: Node; at: number }> {
  let node = root;
  let isAfterSpace = false;
  for (let at = from; at < text.length; at += 1) {
    const isSpace = isWhiteSpace(text, at);
    if (isSpace && isAfterSpace) continue;
    isAfterSpace = isSpace;
    const code = isSpace ? SPACE : text.charCodeAt(at);
    while (node !== root && !node.next.has(code)) node = node.fallback!;
    node = node.next.get(code) ?? root;
    yield { node, at };
  }
};

/** Where the longest beginning of a keyword begins that the text ends with. */
const openFrom = (root: Node, text: string, from: number): number => {
  let last = root;
  for (const { node } of walk(root, text, from)) last = node;
  return last === root ? text.length : startOf(text, text.length, last.depth);
};

function* find(root: Node, text: string, from: number): Iterable<Finding> {
  for (const { node, at } of walk(root, text, from)) {
    for (let end: Node | undefined = node.keyword ? node : node.ending; end; end = end.ending) {
      const finding = { start: startOf(text, at + 1, end.keyword!.length), end: at + 1 };
      if (isWhole(text, finding, end.keyword!)) yield finding;
    }
  }
}

/** Goes back by so many characters, a row of white space being one. */
const startOf = (text: string, end: number, length: number): number => {
  let start = end;
  for (let left = length; left > 0; left -= 1) {
    start -= 1;
    if (isWhiteSpace(text, start)) while (start > 0 && isWhiteSpace(text, start - 1)) start -= 1;
  }
  return start;
};

const isWhiteSpace = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code === SPACE || (code >= 0x09 && code <= 0x0d) || (code >= 0x80 && /\s/.test(text.charAt(at)));
};

const isWhole = (text: string, { start, end }: Finding, keyword: Keyword): boolean =>
  (!keyword.needsBorderBefore || start === 0 || !WORD.test(characterBefore(text, start))) &&
  (!keyword.needsBorderAfter || end === text.length || !WORD.test(String.fromCodePoint(text.codePointAt(end)!)));

const characterBefore = (text: string, at: number): string => {
  const low = text.charCodeAt(at - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff && at > 1;
  return text.slice(isPair ? at - 2 : at - 1, at);
};
