/** Mock model providers that speak the real formats. See README.md for what a model's name can ask of them. */
export { countTokens, plainAnswer } from './answer.mjs';
export { behaviourOf } from './behaviours.mjs';
export { ANTHROPIC_MODELS, startAnthropicUpstream } from './anthropic.mjs';
export { GEMINI_MODELS, startGeminiUpstream } from './gemini.mjs';
export { OLLAMA_MODELS, startOllamaUpstream } from './ollama.mjs';
export { OPENAI_MODELS, startOpenAiUpstream } from './openai.mjs';
