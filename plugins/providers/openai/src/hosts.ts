/** `api.openai.com` and its regions. Other hosts of this plugin are OpenAI's twins: they may want no key and know more. */
export const isOpenAiHost = (base: string): boolean => /(^|\.)api\.openai\.com$/.test(new URL(base).hostname);
