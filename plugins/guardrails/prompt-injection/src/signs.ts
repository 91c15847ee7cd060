// Signs of an injection, by what attempts have in common. Every expression is bounded, so that its time is in proportion
// to the text.
import { foldText } from '@turnpike/plugin-sdk';

const GAP = String.raw`[\s"'*_,.:-]{1,8}`;
/** As long as it goes: a text can be read as words and gaps in one way only. */
const WORD = String.raw`[\p{L}\p{N}](?:['’]?[\p{L}\p{N}]){0,23}(?!['’]?[\p{L}\p{N}])`;
/** So many words may stand between. */
const words = (most: number): string => String.raw`(?:${WORD}${GAP}){0,${most}}`;
const any = (list: string): string => `(?:${list.split(' ').join('|')})`;
const pattern = (...alternatives: string[]): RegExp =>
  new RegExp(alternatives.map((one) => String.raw`(?<![\p{L}\p{N}])(?:${one})`).join('|'), 'iu');

const DROP = any('ignore disregard forget neglect overlook omit bypass override skip discard');
const FORMER = any('previous prior preceding above foregoing earlier initial original former all your');
const ORDERS = any('instructions? directives? commands? rules guidelines prompts? constraints orders programming');
const SECRET = any('system hidden initial original secret developer internal');

const SIGNS = {
  /** "Ignore all previous instructions" */
  override: pattern(
    `${DROP}${GAP}${words(3)}${FORMER}${GAP}${words(3)}${ORDERS}`,
    `(?:do not|don['’]t|never|stop)${GAP}(?:follow|obey|heed)(?:ing)?${GAP}${words(3)}${FORMER}${GAP}${words(3)}${ORDERS}`,
    `(?:ignoriere?|vergiss|missachte)${GAP}${words(3)}(?:vorherigen?|bisherigen?|obigen?|früheren?)${GAP}${words(2)}(?:anweisungen|befehle|regeln)`,
    `(?:ignora|ignore|olvida|esqueça|desconsidere)${GAP}${words(3)}(?:instrucciones|instruções|reglas|regras)${GAP}${words(2)}(?:anteriores|previas|prévias|acima)`,
    `(?:ignore[rz]?|oublie[rz]?)${GAP}${words(3)}(?:instructions|consignes|règles)${GAP}${words(2)}(?:précédentes|antérieures|ci-dessus)`,
    String.raw`(?:игнорируй|забудь)(?:те)?${GAP}${words(3)}(?:предыдущие|прежние)${GAP}${words(2)}(?:инструкции|указания|правила)`,
  ),
  'override-chinese':
    /(?:忽略|无视|無視|忘记|忘記|不要遵守).{0,8}(?:之前|以上|先前|前面|上述|所有).{0,6}(?:指令|指示|说明|說明|规则|規則|提示)/u,
  /** "Reveal your system prompt" */
  reveal: pattern(
    `(?:reveal|show|print|repeat|output|display|leak|expose|recite|disclose|give me|tell me|what (?:is|are))${GAP}${words(4)}${SECRET}${GAP}${words(1)}(?:prompts?|instructions?|message|directives?)`,
    `(?:repeat|print|output)${GAP}(?:everything|all|the (?:text|words))${GAP}${words(1)}above`,
  ),
  /** "You are now DAN" */
  persona: pattern(
    `do anything now`,
    `you${GAP}(?:are|will be|act as)${GAP}now${GAP}(?:an?${GAP})?(?:dan|jailbroken|unrestricted|unfiltered|uncensored)(?![\\p{L}\\p{N}])`,
    `(?:developer|debug|god|sudo|jailbreak)${GAP}mode${GAP}(?:is${GAP})?(?:now${GAP})?(?:enabled|activated|on)(?![\\p{L}\\p{N}])`,
    `(?:pretend|act as if|imagine)${GAP}${words(3)}(?:no|without)${GAP}${words(1)}(?:restrictions|rules|limits|limitations|guidelines|filters)`,
  ),
  /** The marks that tell a model who speaks. */
  markup:
    /<\|(?:im_start|im_end|system|start_header_id|eot_id|endoftext)\|>|<<\/?SYS>>|\[\/?INST\]|<\/?system_prompt>/i,
} as const;

/** Letters that no screen shows and models read: U+E0020 to U+E007E. Flags of countries within countries end in U+E007F. */
const UNSEEN_LETTERS = /(?<!\u{1F3F4}[\u{E0020}-\u{E007E}]{0,8})[\u{E0020}-\u{E007E}]{4}/u;

export type Sign = keyof typeof SIGNS | 'unseen-letters';

export const SIGN_NAMES = ['unseen-letters', ...Object.keys(SIGNS)] as [Sign, ...Sign[]];

export const findSigns = (text: string): Sign[] => {
  const seen = foldText(text).text;
  const found = (Object.keys(SIGNS) as (keyof typeof SIGNS)[]).filter((name) => SIGNS[name].test(seen));
  return UNSEEN_LETTERS.test(text) ? [...found, 'unseen-letters'] : found;
};
