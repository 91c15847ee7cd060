import { aChatRequestSaying, aChatResponseSaying, guardrailConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

guardrailConformance({
  plugin,
  config: { api_base: 'https://guard.example.org', api_key: 'made-up-guard-key' },
  badConfig: [
    {},
    { api_base: 'guard' },
    { api_base: 'ftp://guard.example.org' },
    { api_base: 'https://guard.example.org', extra_headers: 'x-request-id' },
    { api_base: 'https://guard.example.org', exclude_payload_fields: ['input_type'] },
  ],
  cases: [
    {
      name: 'lets pass what the service lets pass',
      moment: 'preCall',
      http: [{ body: { action: 'NONE' } }],
      expected: { action: 'pass' },
    },
    {
      name: 'blocks what the service blocks',
      moment: 'preCall',
      http: [{ body: { action: 'BLOCKED', blocked_reason: 'too loud' } }],
      expected: { action: 'block' },
    },
    {
      name: 'says what the service says',
      moment: 'preCall',
      request: aChatRequestSaying('my secret'),
      http: [{ body: { action: 'GUARDRAIL_INTERVENED', texts: ['my ***'] } }],
      expected: { action: 'replace', value: aChatRequestSaying('my ***') },
    },
    {
      name: 'stops the call beside it',
      moment: 'duringCall',
      http: [{ body: { action: 'BLOCKED', blocked_reason: 'too loud' } }],
      expected: { action: 'block' },
    },
    {
      name: 'stops the call beside it when it can no longer be changed',
      moment: 'duringCall',
      http: [{ body: { action: 'GUARDRAIL_INTERVENED', texts: ['Hi'] } }],
      expected: { action: 'block' },
    },
    {
      name: 'changes an answer',
      moment: 'postCall',
      response: aChatResponseSaying('my secret'),
      http: [{ body: { action: 'GUARDRAIL_INTERVENED', texts: ['my ***'] } }],
      expected: { action: 'replace', value: aChatResponseSaying('my ***') },
    },
  ],
});
