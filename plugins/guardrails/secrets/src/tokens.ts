// Secrets that tell what they are by how they begin. Each expression is bounded and starts at the border of a word, so
// that its time is in proportion to the text.
import { looksRandom } from './randomness.js';

export interface TokenShape {
  /** Texts without any of these are not searched further. */
  readonly hints: readonly string[];
  /** With the flag g. */
  readonly pattern: RegExp;
  /** A second look at what matched. */
  readonly isReal?: (token: string) => boolean;
}

/** Of any length: what is added at its end does not hide it. */
const from = (body: string): RegExp => new RegExp(String.raw`(?<![\w-])(?:${body})`, 'g');

/** Of one length: what is longer is something else. */
const word = (body: string): RegExp => new RegExp(String.raw`(?<![\w-])(?:${body})(?![\w-])`, 'g');

/** Kind → shape. An earlier kind names what a later one finds too. */
export const TOKEN_SHAPES = {
  // docs: https://docs.anthropic.com/en/api/admin-api/apikeys/get-api-key
  'anthropic-key': { hints: ['sk-ant-'], pattern: from(String.raw`sk-ant-[\w-]{20,4096}`) },
  'openrouter-key': { hints: ['sk-or-'], pattern: word(String.raw`sk-or-v1-[0-9a-f]{64}`) },
  // Also the keys of gateways and hosts that took over OpenAI's form.
  'openai-key': {
    hints: ['sk-'],
    pattern: from(String.raw`sk-(?:proj-|svcacct-|admin-)?[\w-]{20,4096}`),
    isReal: (token) => looksRandom(token.slice('sk-'.length), 20),
  },
  // docs: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  'aws-access-key': {
    hints: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: word('(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}'),
  },
  'google-key': { hints: ['AIza'], pattern: word(String.raw`AIza[\w-]{35}`) },
  'google-oauth': {
    hints: ['ya29.', 'GOCSPX-'],
    pattern: from(String.raw`ya29\.[\w-]{20,4096}|GOCSPX-[\w-]{28}`),
  },
  // docs: https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
  'github-token': {
    hints: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    pattern: from(String.raw`gh[pousr]_[A-Za-z0-9]{36,4096}|github_pat_[A-Za-z0-9_]{50,4096}`),
  },
  'gitlab-token': { hints: ['glpat-', 'gldt-', 'glrt-'], pattern: from(String.raw`gl(?:pat|dt|rt)-[\w-]{20,4096}`) },
  // docs: https://api.slack.com/concepts/token-types
  'slack-token': {
    hints: ['xox', 'xapp-', 'hooks.slack.com'],
    pattern: from(
      String.raw`xox[abeoprs]-[A-Za-z0-9-]{10,4096}|xapp-\d-[A-Za-z0-9-]{10,4096}|hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/]{20,4096}`,
    ),
  },
  // docs: https://docs.stripe.com/keys. Publishable keys (pk_) are no secret.
  'stripe-key': {
    hints: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'],
    pattern: from(String.raw`[sr]k_(?:live|test)_[A-Za-z0-9]{16,4096}|whsec_[A-Za-z0-9]{32,4096}`),
  },
  'groq-key': { hints: ['gsk_'], pattern: from('gsk_[A-Za-z0-9]{40,4096}') },
  'xai-key': { hints: ['xai-'], pattern: from('xai-[A-Za-z0-9]{60,4096}') },
  'perplexity-key': { hints: ['pplx-'], pattern: from('pplx-[A-Za-z0-9]{40,4096}') },
  'huggingface-token': { hints: ['hf_'], pattern: from('hf_[A-Za-z0-9]{30,4096}') },
  'replicate-token': { hints: ['r8_'], pattern: word('r8_[A-Za-z0-9]{37}') },
  'sendgrid-key': { hints: ['SG.'], pattern: word(String.raw`SG\.[\w-]{22}\.[\w-]{43}`) },
  'npm-token': { hints: ['npm_'], pattern: word('npm_[A-Za-z0-9]{36}') },
  'pypi-token': { hints: ['pypi-AgE'], pattern: from(String.raw`pypi-AgE[\w-]{50,4096}`) },
  'twilio-key': { hints: ['SK'], pattern: word('SK[0-9a-f]{32}') },
  'telegram-token': { hints: [':AA'], pattern: word(String.raw`\d{8,10}:AA[\w-]{33}`) },
  'digitalocean-token': { hints: ['do'], pattern: word('do[opr]_v1_[a-f0-9]{64}') },
  'shopify-token': { hints: ['shp'], pattern: word('shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}') },
  'databricks-token': { hints: ['dapi'], pattern: word('dapi[a-f0-9]{32}(?:-\\d)?') },
  'azure-storage-key': { hints: ['AccountKey='], pattern: /(?<=AccountKey=)[A-Za-z0-9+/]{86}==/g },
  // Three parts; the first two are JSON, which begins with `{"`.
  jwt: { hints: ['eyJ'], pattern: from(String.raw`eyJ[\w-]{10,4096}\.eyJ[\w-]{10,16384}\.[\w-]{10,4096}`) },
} as const satisfies Record<string, TokenShape>;
