import { aChatRequestSaying, aChatResponse, aChatResponseSaying, guardrailConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

guardrailConformance({
  plugin,
  config: { entities: { EMAIL: 'mask', IBAN: 'block' } },
  badConfig: [
    { entities: {} },
    { entities: { SHOE_SIZE: 'mask' } },
    { entities: { EMAIL: 'delete' } },
    { answers: 'restore' },
    { restore: 'sometimes' },
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
    {
      name: 'leaves prose alone',
      moment: 'postCall',
      response: aChatResponseSaying('Ask at 12:30 for A. B. Smith-Jones (room 3+4), or @ the desk.'),
      expected: { action: 'pass' },
    },
    {
      name: 'gives back what it hid, and hides what is new',
      moment: 'postCall',
      remembers: true,
      request: aChatRequestSaying('write to jane@example.org and joe@example.org'),
      response: aChatResponse({
        choices: [
          {
            index: 0,
            content: [
              { type: 'reasoning', text: 'Both <EMAIL_1> and mary@example.org?' },
              { type: 'text', text: 'Dear <EMAIL_2>, ask <EMAIL_1>, <EMAIL_3> or mary@example.org.' },
              { type: 'tool-call', id: '1', name: 'send', arguments: '{"to": ["<EMAIL_1>", "mary@example.org"]}' },
            ],
            finishReason: 'tool-calls',
          },
        ],
      }),
      expected: {
        action: 'replace',
        value: aChatResponse({
          choices: [
            {
              index: 0,
              content: [
                { type: 'reasoning', text: 'Both <EMAIL_1> and <EMAIL>?' },
                { type: 'text', text: 'Dear joe@example.org, ask jane@example.org, <EMAIL_3> or <EMAIL>.' },
                { type: 'tool-call', id: '1', name: 'send', arguments: '{"to": ["jane@example.org", "<EMAIL>"]}' },
              ],
              finishReason: 'tool-calls',
            },
          ],
        }),
      },
    },
    {
      name: 'blocks an answer with an account',
      moment: 'postCall',
      response: aChatResponseSaying('it is GB82 WEST 1234 5698 7654 32.'),
      expected: { action: 'block' },
    },
  ],
});
