// What differs between generations, read from the model's name.

export interface GeminiModelFacts {
  /** Takes `systemInstruction`; else the text goes in front of the first user turn. */
  hasSystemInstruction: boolean;
  /** Takes near-real JSON Schema in `parametersJsonSchema` and `responseJsonSchema`. */
  hasJsonSchema: boolean;
  /** Takes tools and a JSON answer format in one request. */
  combinesToolsAndJson: boolean;
  /** Function responses may hold images and files of their own. */
  hasResponseParts: boolean;
  /** Refuses a replayed function call that has no thought signature. */
  needsSignatures: boolean;
  /** Takes `frequencyPenalty` and `presencePenalty`. */
  hasPenalties: boolean;
  /** Built-in tools beside functions must be asked for by a flag. */
  flagsServerTools: boolean;
  /** Google bills each search query; older ones bill a searching answer once. */
  billsSearchQueries: boolean;
}

const NEWEST: GeminiModelFacts = {
  hasSystemInstruction: true,
  hasJsonSchema: true,
  combinesToolsAndJson: true,
  hasResponseParts: true,
  needsSignatures: true,
  hasPenalties: true,
  flagsServerTools: true,
  billsSearchQueries: true,
};

const GEMINI_2: GeminiModelFacts = {
  ...NEWEST,
  combinesToolsAndJson: false,
  hasResponseParts: false,
  needsSignatures: false,
  flagsServerTools: false,
  billsSearchQueries: false,
};

const GEMINI_1: GeminiModelFacts = { ...GEMINI_2, hasJsonSchema: false };

/**
 * First match wins. A name that matches nothing (aliases such as `gemini-flash-latest`, tuned models) is taken for one
 * of the newest generation.
 */
const GENERATIONS: readonly (readonly [RegExp, GeminiModelFacts])[] = [
  [/gemma-[1-3]/, { ...GEMINI_1, hasSystemInstruction: false }],
  [/gemma-/, GEMINI_2],
  [/gemini-pro(-vision)?$|gemini-1\.0/, { ...GEMINI_1, hasSystemInstruction: false }],
  [/gemini-1[.-]/, GEMINI_1],
  [/gemini-2\.5|gemini-robotics-er-1\.5/, { ...GEMINI_2, hasPenalties: false }],
  [/gemini-2[.-]/, GEMINI_2],
];

export const geminiModelFacts = (model: string): GeminiModelFacts =>
  GENERATIONS.find(([pattern]) => pattern.test(model))?.[1] ?? NEWEST;

/** `models/gemini-x`, or `tunedModels/x` as it is. */
export const geminiResource = (model: string): string =>
  /^(models|tunedModels)\//.test(model) ? model : `models/${model}`;
