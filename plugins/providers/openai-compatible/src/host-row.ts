// What a host of the OpenAI format is, as data. A field that is absent means the commonest answer.
import type { ErrorCode } from '@turnpike/plugin-sdk';

export interface HostRow {
  /** Names the plugin (`provider.groq`) and its models (`groq/…`). */
  prefix: string;
  /** Further prefixes of the same meaning. */
  alsoKnownAs?: readonly string[];
  /** Other names of the host in configurations; no prefixes. */
  aliases?: readonly string[];
  /** `{name}` stands for the setting of that name, `{model}` for the model. Absent: the operator must give one. */
  base?: string;
  /** Where models of such a name are instead, as long as the operator gives no base. */
  dedicated?: { models: RegExp; base: string };
  /** Environment variables of the key and of the base; earlier ones win. Absent: derived from the prefix. */
  keys?: readonly string[];
  bases?: readonly string[];
  /** C chat, T text completions, F text completions by `fim/completions`, E embeddings, L model list. */
  serves: string;
  /** False: calls without a key are answered, at the default base too. */
  needsKey?: boolean;
  /** Headers that carry the key; `Authorization: Bearer` when absent. */
  auth?: readonly AuthHeader[];
  /** Sent with every call. */
  headers?: Readonly<Record<string, string>>;
  /** Settings besides `api_key` and `api_base`. */
  settings?: Readonly<Record<string, Setting>>;
  /** Where the list of models is, relative to the base; `models` when absent. */
  modelsPath?: string;
  /** Added to a base that lacks it: `/v1`. */
  baseEnd?: string;
  quirks?: Quirks;
}

export interface AuthHeader {
  /** Lower case. */
  header: string;
  /** Word before the key; none when absent. */
  scheme?: string;
  /** Only for hosts of such a name. */
  hosts?: RegExp;
}

export interface Setting {
  describe: string;
  /** `path` settings fill `{name}` in the base. */
  goesTo: 'path' | { header: string } | { query: string };
  env?: readonly string[];
  default?: string;
}

/** How a host differs from the format. Requests first, answers last. */
export interface Quirks {
  /** Bodies go up as they are: what is behind deals with them itself. Only quirks that are stated here apply. */
  isTransparent?: boolean;
  /** Field → what the host calls it. */
  rename?: Readonly<Record<string, string>>;
  /** False: `max_tokens` stands in for `max_completion_tokens`, which is usual. */
  takesMaxCompletionTokens?: boolean;
  /** Fields of OpenAI's own API that this host knows all the same. */
  knows?: readonly string[];
  /** Parameters without a counterpart: refused, or dropped on request. */
  lacks?: readonly string[];
  lacksFor?: readonly { models: RegExp; parameters: readonly string[] }[];
  lacksInStreams?: readonly string[];
  /** Removed without a word: they change nothing about the answer. */
  ignores?: readonly string[];
  /** `minOfSeveral` is the least that goes together with `n` above 1. */
  temperature?: { min?: number; max?: number; minOfSeveral?: number };
  /** The host has no `stream_options`; usage comes unasked. */
  streamUsage?: 'never';
  /** `required` in the host's word, or refused. `tool`: a named tool is offered alone, or refused. */
  toolChoice?: { none?: 'no-tools'; required?: 'any' | 'refused'; tool?: 'alone' | 'refused' };
  /** `{type: 'text'}` is dropped; `json_object` and `json_schema` are written in the way the host has. */
  responseFormat?: { text?: 'dropped'; json?: 'open-schema'; schema?: 'json-object-with-schema' | 'json-object' };
  /** Put before model names that hold no `/`. */
  modelPrefix?: string;
  /** The host reads `strict` of tools. True unless false. */
  toolStrict?: boolean;
  /** Keywords taken out of tools' schemas. */
  schemaLacks?: readonly string[];
  knowsDeveloperRole?: boolean;
  knowsCacheControl?: boolean;
  /** Lists of text parts become one string. */
  flattenContent?: boolean;
  /** Null fields of messages are removed, except an assistant's content. */
  stripNulls?: boolean;
  /** Fields of messages that the host answers 400 to. */
  messageLacks?: readonly string[];
  /** Assistant turns that say and call nothing are left out. */
  dropEmptyTurns?: boolean;
  toolCallIds?: 'nine-characters';
  reasoningControl?: 'thinking' | 'thinking-and-effort' | 'enable-thinking';
  reasoningHistory?: ReasoningHistory;
  embeddings?: EmbeddingQuirks;
  answers?: AnswerQuirks;
}

/** How reasoning of earlier turns goes back. Models that `models` leaves out get none. */
export interface ReasoningHistory {
  as: 'none' | 'reasoning' | 'thinking-parts' | 'think-tags' | 'tool-turns';
  models?: RegExp;
}

export interface EmbeddingQuirks {
  rename?: Readonly<Record<string, string>>;
  lacks?: readonly string[];
  ignores?: readonly string[];
  /** Vectors come as lists of numbers only; `encoding_format` is not sent. */
  floatsOnly?: boolean;
  /** `encoding_format: float` is not a word of the host's. */
  lacksFloatWord?: boolean;
  /** See HttpOperation.translatesAnswers. */
  translates?: boolean;
}

export interface AnswerQuirks {
  /** Answers are mended for OpenAI's clients too. */
  translates?: boolean;
  /** Reasoning stands before the answer, in `<think>` tags. `unopened`: models that leave out the opening tag. */
  thinkTags?: { unopened?: RegExp };
  /** Words that clients know for the tier; another one becomes `auto`. */
  serviceTiers?: readonly string[];
  /** The host's own error codes, where its words and statuses do not tell. */
  errorCodes?: Readonly<Record<string, ErrorCode>>;
}
