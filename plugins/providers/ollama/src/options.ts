// Where Ollama keeps a parameter: in `options`, or beside them.
import type { JsonObject } from '@turnpike/plugin-sdk';
import type { OllamaConfig } from './config.js';

/** Names that clients may send as they are, besides those that the canonical request models. */
const OPTIONS: ReadonlySet<string> = new Set([
  'num_keep',
  'num_predict',
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
  'use_mmap',
  'use_mlock',
  'low_vram',
  'numa',
  'min_p',
  'tfs_z',
  'typical_p',
  'repeat_last_n',
  'repeat_penalty',
  'mirostat',
  'mirostat_tau',
  'mirostat_eta',
  'penalize_newline',
]);

export const isOption = (name: string): boolean => OPTIONS.has(name);

/** Drops what is undefined; undefined when nothing is left. */
export const compact = (fields: JsonObject): JsonObject | undefined => {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
};

/** What the operator set for all calls of this connection. */
export const settledOptions = (settings: OllamaConfig): JsonObject => ({ num_ctx: settings.num_ctx });
