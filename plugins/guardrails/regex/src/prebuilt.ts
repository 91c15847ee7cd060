// Patterns that LiteLLM's content filter knows by name. Shapes alone: no check digits are looked at.
// docs: https://docs.litellm.ai/docs/proxy/guardrails/litellm_content_filter

export const PREBUILT = {
  us_ssn: String.raw`\b\d{3}-\d{2}-\d{4}\b`,
  email: String.raw`\b[\w.%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b`,
  us_phone: String.raw`(?:\+1[ .-]?)?(?:\(\d{3}\)|\b\d{3})[ .-]?\d{3}[ .-]?\d{4}\b`,
  visa: String.raw`\b4\d{3}(?:[ -]?\d{4}){3}\b`,
  mastercard: String.raw`\b(?:5[1-5]\d{2}|2[2-7]\d{2})(?:[ -]?\d{4}){3}\b`,
  amex: String.raw`\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b`,
  discover: String.raw`\b6(?:011|5\d{2})(?:[ -]?\d{4}){3}\b`,
  credit_card: String.raw`\b(?:\d{4}[ -]?){3}\d{4}\b|\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b`,
  ipv4: String.raw`\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b`,
  iban: String.raw`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b`,
  aws_access_key: String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
  github_token: String.raw`\bgh[pousr]_[A-Za-z0-9]{36,}\b`,
  slack_token: String.raw`\bxox[abeoprs]-[A-Za-z0-9-]{10,}\b`,
} as const;

export const PREBUILT_NAMES = Object.keys(PREBUILT) as [keyof typeof PREBUILT, ...(keyof typeof PREBUILT)[]];
