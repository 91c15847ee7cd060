// Where a server is, and what holds for all its models.
import { z } from '@turnpike/plugin-sdk';

const DEFAULT_PORT = '11434';

/**
 * `OLLAMA_HOST` is written as the server wants it: `0.0.0.0`, `:11434`, `gpu-box`. Others paste the address of the
 * OpenAI-like API. → `http://host:port`, without a path of Ollama's own.
 */
export const baseOf = (written: string): string => {
  const hasScheme = /^https?:\/\//i.test(written);
  const url = new URL(hasScheme ? written : `http://${written.startsWith(':') ? 'localhost' : ''}${written}`);
  if (!hasScheme && url.port === '') url.port = DEFAULT_PORT;
  // The address that a server listens on; nobody answers there from outside.
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/(?:v1|api(?:\/(?:chat|generate|embed))?)$/, '');
};

const isAddress = (written: string): boolean => {
  try {
    return baseOf(written) !== '';
  } catch {
    return false;
  }
};

export const config = z.strictObject({
  api_base: z
    .string()
    .default(`http://localhost:${DEFAULT_PORT}`)
    .refine(isAddress, { message: 'is not an address such as http://localhost:11434' })
    .describe('Address of the server'),
  api_key: z.string().optional().describe('Key of ollama.com, or of a proxy in front of the server'),
  num_ctx: z
    .int()
    .positive()
    .optional()
    .describe('Context length in tokens; the server cuts longer prompts in silence. Requests may set their own'),
  keep_alive: z
    .union([z.string(), z.number()])
    .optional()
    .describe('How long a model stays loaded after a call: "10m", seconds, or -1 for ever'),
});

export type OllamaConfig = z.output<typeof config>;
