import { guardrailConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const results = (flagged: boolean) => ({
  body: { id: 'modr-1', model: 'm', results: [{ flagged, categories: { violence: flagged, hate: false } }] },
});

guardrailConformance({
  plugin,
  config: { api_key: 'sk-made-up-moderation-key' },
  badConfig: [
    {},
    { api_key: '' },
    { api_key: 'sk-made-up-moderation-key', api_base: 'moderation' },
    { api_key: 'sk-made-up-moderation-key', categories: [] },
    { api_key: 'sk-made-up-moderation-key', action: 'mask' },
  ],
  cases: [
    { name: 'lets pass what is not flagged', moment: 'preCall', http: [results(false)], expected: { action: 'pass' } },
    { name: 'blocks what is flagged', moment: 'preCall', http: [results(true)], expected: { action: 'block' } },
    { name: 'stops the call beside it', moment: 'duringCall', http: [results(true)], expected: { action: 'block' } },
    { name: 'keeps an answer back', moment: 'postCall', http: [results(true)], expected: { action: 'block' } },
  ],
});
