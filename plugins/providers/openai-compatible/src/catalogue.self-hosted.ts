// Servers that people run themselves. Ports are the servers' own defaults.
import type { HostRow, Quirks } from './host-row.js';

const OPEN = { needsKey: false } as const;

/** Another gateway, or a server that nothing is known of: bodies go up as they are. */
const PASS_THROUGH: Quirks = { isTransparent: true };

export const SELF_HOSTED: readonly HostRow[] = [
  {
    ...OPEN,
    prefix: 'hosted_vllm',
    alsoKnownAs: ['vllm'],
    base: 'http://localhost:8000/v1',
    serves: 'CTEL',
    quirks: { takesMaxCompletionTokens: true },
  },
  { ...OPEN, prefix: 'sglang', base: 'http://localhost:30000/v1', serves: 'CTE' },
  {
    ...OPEN,
    prefix: 'lm_studio',
    aliases: ['lmstudio'],
    base: 'http://localhost:1234/v1',
    serves: 'CTEL',
    // 400 "'response_format.type' must be 'json_schema' or 'text'" (older: json_schema alone), and
    // 400 "Invalid tool_choice type: 'object'".
    quirks: { responseFormat: { text: 'dropped', json: 'open-schema' }, toolChoice: { tool: 'alone' } },
  },
  { ...OPEN, prefix: 'localai', base: 'http://localhost:8080/v1', serves: 'CTEL' },
  { ...OPEN, prefix: 'llamafile', base: 'http://127.0.0.1:8080/v1', serves: 'CTE' },
  { ...OPEN, prefix: 'llamacpp', base: 'http://localhost:8080/v1', serves: 'CTE' },
  { ...OPEN, prefix: 'xinference', base: 'http://127.0.0.1:9997/v1', serves: 'CTE' },
  { ...OPEN, prefix: 'infinity', base: 'http://localhost:7997', serves: 'E' },
  { ...OPEN, prefix: 'oobabooga', base: 'http://localhost:5000/v1', serves: 'CTE' },
  {
    ...OPEN,
    prefix: 'docker_model_runner',
    base: 'http://localhost:22088/engines/llama.cpp',
    serves: 'CTE',
    baseEnd: '/v1',
  },
  { ...OPEN, prefix: 'lemonade', base: 'http://localhost:8000/api/v1', serves: 'CT' },
  {
    ...OPEN,
    prefix: 'tgi',
    base: 'http://localhost:8080/v1',
    serves: 'CT',
    quirks: {
      lacks: ['n', 'logit_bias'],
      // Ends with `eos_token`; older ones write one call of a tool without its list.
      answers: { translates: true },
    },
  },
  { ...OPEN, prefix: 'tei', base: 'http://localhost:8080', serves: 'E', baseEnd: '/v1' },
  { ...OPEN, prefix: 'litellm_proxy', serves: 'CTEL', quirks: PASS_THROUGH },
  {
    ...OPEN,
    prefix: 'openai_like',
    serves: 'CTEL',
    quirks: { ...PASS_THROUGH, rename: { max_completion_tokens: 'max_tokens' } },
  },
  { ...OPEN, prefix: 'custom_openai', serves: 'CTEL', quirks: PASS_THROUGH },
];
