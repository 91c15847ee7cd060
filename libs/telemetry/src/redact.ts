/** The one place that masks secrets before any sink. */
export { isSecretName } from './redact.names.js';
export { forgetSecrets, MASK, redactText, redactUrl, registerSecret } from './redact.text.js';
export { redactHeaders, redactValue } from './redact.value.js';
