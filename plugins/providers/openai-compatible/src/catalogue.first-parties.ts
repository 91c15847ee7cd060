// Large clouds, and companies that serve their own models. Read from their documents in 2026.
import type { HostRow, Quirks } from './host-row.js';

/** Mistral's API forbids every field it does not know, at any depth. docs: https://docs.mistral.ai/api */
const MISTRAL: Quirks = {
  rename: { seed: 'random_seed' },
  knows: ['prediction'],
  lacks: ['logprobs', 'top_logprobs', 'logit_bias'],
  ignores: ['user'],
  streamUsage: 'never',
  toolStrict: false,
  schemaLacks: ['$schema', '$id', 'additionalProperties'],
  stripNulls: true,
  messageLacks: ['name', 'refusal', 'annotations', 'audio', 'function_call'],
  dropEmptyTurns: true,
  toolCallIds: 'nine-characters',
  reasoningHistory: { as: 'thinking-parts', models: /^magistral/ },
  // A vector's length has another name, and the usual embedding model has only one length.
  embeddings: { rename: { dimensions: 'output_dimension' }, ignores: ['user'] },
  answers: { translates: true },
};

/** Kimi, GLM, MiMo and Doubao are told by a switch whether to think. */
const THINKING_SWITCH: Quirks = { reasoningControl: 'thinking' };

/** docs: https://docs.z.ai/api-reference/api-code */
const GLM: Quirks = {
  ...THINKING_SWITCH,
  toolChoice: { none: 'no-tools', required: 'refused', tool: 'refused' },
  answers: { translates: true, errorCodes: { 1113: 'GW_UPSTREAM_BILLING', 1301: 'GW_CONTENT_POLICY' } },
};

/** docs: https://platform.minimax.io/docs/api-reference/errorcode */
const MINIMAX_ERRORS = {
  1001: 'GW_TIMEOUT',
  1002: 'GW_UPSTREAM_RATE_LIMITED',
  1004: 'GW_UPSTREAM_AUTHENTICATION',
  1008: 'GW_UPSTREAM_BILLING',
  1026: 'GW_CONTENT_POLICY',
  1027: 'GW_CONTENT_POLICY',
} as const;

export const FIRST_PARTIES: readonly HostRow[] = [
  {
    prefix: 'azure_ai',
    keys: ['AZURE_AI_API_KEY'],
    bases: ['AZURE_AI_API_BASE'],
    serves: 'CE',
    // Foundry resources take `api-key`; serverless endpoints of single models take a bearer token.
    auth: [
      { header: 'api-key', hosts: /\.(services\.ai|openai|cognitiveservices)\.azure\.com$/ },
      {
        header: 'authorization',
        scheme: 'Bearer',
        hosts: /(?<!\.(services\.ai|openai|cognitiveservices)\.azure\.com)$/,
      },
    ],
    settings: {
      api_version: { describe: 'Sent as api-version', goesTo: { query: 'api-version' }, env: ['AZURE_AI_API_VERSION'] },
    },
  },
  {
    prefix: 'bedrock_mantle',
    base: 'https://bedrock-mantle.{aws_region}.api.aws/v1',
    keys: ['BEDROCK_MANTLE_API_KEY', 'AWS_BEARER_TOKEN_BEDROCK'],
    bases: ['BEDROCK_MANTLE_API_BASE'],
    serves: 'CL',
    settings: {
      aws_region: {
        describe: 'AWS region',
        goesTo: 'path',
        env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
        default: 'us-east-1',
      },
    },
    quirks: { takesMaxCompletionTokens: true, knows: ['service_tier'] },
  },
  {
    prefix: 'amazon_nova',
    base: 'https://api.nova.amazon.com/v1',
    keys: ['AMAZON_NOVA_API_KEY', 'NOVA_API_KEY'],
    serves: 'C',
  },
  {
    prefix: 'mistral',
    base: 'https://api.mistral.ai/v1',
    keys: ['MISTRAL_API_KEY', 'MISTRAL_AZURE_API_KEY'],
    bases: ['MISTRAL_API_BASE', 'MISTRAL_AZURE_API_BASE'],
    serves: 'CEL',
    baseEnd: '/v1',
    quirks: MISTRAL,
  },
  {
    prefix: 'codestral',
    alsoKnownAs: ['text-completion-codestral'],
    base: 'https://codestral.mistral.ai/v1',
    keys: ['CODESTRAL_API_KEY'],
    bases: ['CODESTRAL_API_BASE'],
    serves: 'CF',
    baseEnd: '/v1',
    quirks: MISTRAL,
  },
  {
    prefix: 'deepseek',
    base: 'https://api.deepseek.com',
    keys: ['DEEPSEEK_API_KEY'],
    bases: ['DEEPSEEK_API_BASE'],
    serves: 'CL',
    quirks: {
      lacks: ['n', 'logit_bias'],
      responseFormat: { schema: 'json-object' },
      reasoningControl: 'thinking-and-effort',
      reasoningHistory: { as: 'tool-turns' },
    },
  },
  {
    prefix: 'xai',
    base: 'https://api.x.ai/v1',
    keys: ['XAI_API_KEY'],
    bases: ['XAI_API_BASE'],
    serves: 'CEL',
    quirks: {
      takesMaxCompletionTokens: true,
      knows: ['service_tier'],
      // Reasoning models answer 400 "Argument not supported on this model".
      lacksFor: [{ models: /^grok-(3-mini|4|code)/, parameters: ['stop', 'frequency_penalty', 'presence_penalty'] }],
      toolStrict: false,
      messageLacks: ['name'],
      reasoningHistory: { as: 'none' },
      // Reasoning is counted beside the completion, and calls of tools may end with an empty word.
      answers: { translates: true },
    },
  },
  {
    prefix: 'perplexity',
    base: 'https://api.perplexity.ai',
    keys: ['PERPLEXITYAI_API_KEY', 'PERPLEXITY_API_KEY'],
    bases: ['PERPLEXITY_API_BASE'],
    serves: 'C',
    quirks: {
      knows: ['web_search_options'],
      lacks: [
        'tools',
        'tool_choice',
        'parallel_tool_calls',
        'stop',
        'seed',
        'n',
        'logit_bias',
        'logprobs',
        'top_logprobs',
      ],
      // Not translated for OpenAI's clients: in streams that would cost them the citations.
      answers: { thinkTags: {} },
    },
  },
  {
    prefix: 'ai21',
    alsoKnownAs: ['ai21_chat'],
    base: 'https://api.ai21.com/studio/v1',
    keys: ['AI21_API_KEY'],
    bases: ['AI21_API_BASE'],
    serves: 'CL',
    quirks: {
      lacks: [
        'frequency_penalty',
        'presence_penalty',
        'seed',
        'logprobs',
        'top_logprobs',
        'logit_bias',
        'reasoning_effort',
      ],
      responseFormat: { schema: 'json-object' },
    },
  },
  {
    prefix: 'meta_llama',
    base: 'https://api.llama.com/compat/v1',
    keys: ['LLAMA_API_KEY'],
    bases: ['LLAMA_API_BASE'],
    serves: 'C',
    quirks: { responseFormat: { json: 'open-schema' } },
  },
  {
    prefix: 'moonshot',
    base: 'https://api.moonshot.ai/v1',
    keys: ['MOONSHOT_API_KEY'],
    bases: ['MOONSHOT_API_BASE'],
    serves: 'CL',
    quirks: {
      ...THINKING_SWITCH,
      temperature: { max: 1, minOfSeveral: 0.3 },
      toolChoice: { required: 'refused' },
      flattenContent: true,
      // Usage of streams stands in the choice.
      answers: { translates: true },
    },
  },
  {
    prefix: 'dashscope',
    alsoKnownAs: ['qwencloud', 'qwen_ai_platform'],
    base: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keys: ['DASHSCOPE_API_KEY', 'ALIBABA_API_KEY'],
    bases: ['DASHSCOPE_API_BASE'],
    serves: 'CTE',
    quirks: { reasoningControl: 'enable-thinking' },
  },
  {
    prefix: 'volcengine',
    base: 'https://ark.cn-beijing.volces.com/api/v3',
    keys: ['VOLCENGINE_API_KEY', 'ARK_API_KEY'],
    bases: ['VOLCENGINE_API_BASE'],
    serves: 'CE',
    quirks: THINKING_SWITCH,
  },
  {
    prefix: 'byteplus',
    base: 'https://ark.ap-southeast.bytepluses.com/api/v3',
    keys: ['BYTEPLUS_API_KEY', 'ARK_API_KEY'],
    serves: 'CE',
    quirks: THINKING_SWITCH,
  },
  {
    prefix: 'zai',
    base: 'https://api.z.ai/api/paas/v4',
    keys: ['ZAI_API_KEY'],
    bases: ['ZAI_API_BASE'],
    serves: 'C',
    quirks: GLM,
  },
  {
    prefix: 'zhipu',
    base: 'https://open.bigmodel.cn/api/paas/v4',
    keys: ['ZHIPU_API_KEY', 'ZHIPUAI_API_KEY'],
    serves: 'CE',
    quirks: GLM,
  },
  {
    prefix: 'minimax',
    base: 'https://api.minimax.io/v1',
    keys: ['MINIMAX_API_KEY'],
    bases: ['MINIMAX_API_BASE'],
    serves: 'C',
    quirks: {
      // Zero itself is out of bounds.
      temperature: { min: 0.01, max: 1 },
      reasoningHistory: { as: 'think-tags' },
      answers: { translates: true, thinkTags: {}, errorCodes: MINIMAX_ERRORS },
    },
  },
  { prefix: 'hunyuan', base: 'https://api.hunyuan.cloud.tencent.com/v1', serves: 'CE' },
  { prefix: 'qianfan', base: 'https://qianfan.baidubce.com/v2', serves: 'CE' },
  { prefix: 'spark', base: 'https://spark-api-open.xf-yun.com/v1', serves: 'C' },
  { prefix: 'stepfun', base: 'https://api.stepfun.com/v1', serves: 'C' },
  { prefix: 'baichuan', base: 'https://api.baichuan-ai.com/v1', serves: 'CE' },
  {
    prefix: 'lingyi',
    base: 'https://api.lingyiwanwu.com/v1',
    keys: ['LINGYI_API_KEY', 'YI_API_KEY'],
    serves: 'C',
  },
  {
    prefix: 'sarvam',
    base: 'https://api.sarvam.ai/v1',
    serves: 'C',
    auth: [{ header: 'authorization', scheme: 'Bearer' }, { header: 'api-subscription-key' }],
  },
  { prefix: 'xiaomi_mimo', base: 'https://api.xiaomimimo.com/v1', serves: 'C', quirks: THINKING_SWITCH },
  { prefix: 'upstage', base: 'https://api.upstage.ai/v1/solar', serves: 'CE' },
  { prefix: 'reka', base: 'https://api.reka.ai/v1', serves: 'C' },
  { prefix: 'krutrim', base: 'https://cloud.olakrutrim.com/v1', serves: 'C' },
  { prefix: 'maritalk', base: 'https://chat.maritaca.ai/api', serves: 'C' },
  {
    prefix: 'databricks',
    keys: ['DATABRICKS_API_KEY', 'DATABRICKS_TOKEN'],
    bases: ['DATABRICKS_API_BASE'],
    serves: 'CTE',
    quirks: {
      lacks: ['seed', 'logit_bias', 'logprobs', 'top_logprobs', 'frequency_penalty', 'presence_penalty'],
      lacksInStreams: ['response_format'],
      ignores: ['user', 'parallel_tool_calls'],
      streamUsage: 'never',
      knowsCacheControl: true,
      messageLacks: ['name'],
      dropEmptyTurns: true,
      // Content may be a list that holds the reasoning.
      answers: { translates: true },
    },
  },
  {
    prefix: 'datarobot',
    base: 'https://app.datarobot.com',
    keys: ['DATAROBOT_API_TOKEN'],
    bases: ['DATAROBOT_ENDPOINT'],
    serves: 'C',
    baseEnd: '/api/v2/genai/llmgw',
  },
];
