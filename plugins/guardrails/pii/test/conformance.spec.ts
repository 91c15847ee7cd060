import { aChatRequestSaying, aChatResponseSaying, guardrailConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

guardrailConformance({
  plugin,
  config: { entities: { EMAIL: 'mask', IBAN: 'block' } },
  badConfig: [
    { entities: {} },
    { entities: { SHOE_SIZE: 'mask' } },
    { entities: { EMAIL: 'delete' } },
    { answers: 'restore' },
    { remember_seconds: 0 },
  ],
  cases: [
    { name: 'lets a greeting pass', moment: 'preCall', expected: { action: 'pass' } },
    {
      name: 'hides a mailbox',
      moment: 'preCall',
      request: aChatRequestSaying('write to jane@example.org!'),
      expected: { action: 'replace', value: aChatRequestSaying('write to <EMAIL_1>!') },
    },
    {
      name: 'blocks an account',
      moment: 'preCall',
      request: aChatRequestSaying('pay to GB82 WEST 1234 5698 7654 32'),
      expected: { action: 'block' },
    },
    {
      name: 'hides what the model brings up',
      moment: 'postCall',
      response: aChatResponseSaying('it is jane@example.org'),
      expected: { action: 'replace', value: aChatResponseSaying('it is <EMAIL>') },
    },
  ],
});
