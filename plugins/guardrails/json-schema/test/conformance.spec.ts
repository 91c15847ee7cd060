import { aChatRequest, aChatResponse, aChatResponseSaying, guardrailConformance } from '@turnpike/plugin-testkit';
import type { JsonObject } from '@turnpike/plugin-sdk';
import plugin from '../src/index.js';

const schema: JsonObject = { type: 'object', required: ['city'], properties: { city: { type: 'string' } } };
const asking = aChatRequest({ responseFormat: { type: 'json-schema', name: 'place', schema } });
const jsonOnly = aChatRequest({ responseFormat: { type: 'json' } });

guardrailConformance({
  plugin,
  config: {},
  badConfig: [{ action: 'mask' }, { schema: 'object' }],
  cases: [
    {
      name: 'lets pass what fits',
      moment: 'postCall',
      request: asking,
      response: aChatResponseSaying('{"city":"Rome"}'),
      expected: { action: 'pass' },
    },
    {
      name: 'blocks what does not fit',
      moment: 'postCall',
      request: asking,
      response: aChatResponseSaying('{"town":"Rome"}'),
      expected: { action: 'block' },
    },
    {
      name: 'blocks prose where JSON was asked for',
      moment: 'postCall',
      request: jsonOnly,
      response: aChatResponseSaying('Rome.'),
      expected: { action: 'block' },
    },
    {
      name: 'looks at every choice',
      moment: 'postCall',
      request: jsonOnly,
      response: aChatResponse({
        choices: ['{}', 'Rome.'].map((text, index) => ({
          index,
          content: [{ type: 'text', text }],
          finishReason: 'stop',
        })),
      }),
      expected: { action: 'block' },
    },
    {
      name: 'leaves prose alone where prose was asked for',
      moment: 'postCall',
      response: aChatResponseSaying('Rome.'),
      expected: { action: 'pass' },
    },
    {
      name: 'waits while tools are called',
      moment: 'postCall',
      request: asking,
      response: aChatResponse({
        choices: [
          {
            index: 0,
            content: [{ type: 'tool-call', id: '1', name: 'f', arguments: '{}' }],
            finishReason: 'tool-calls',
          },
        ],
      }),
      expected: { action: 'pass' },
    },
    {
      name: 'leaves a refusal alone',
      moment: 'postCall',
      request: asking,
      response: aChatResponse({
        choices: [{ index: 0, content: [{ type: 'refusal', text: 'No.' }], finishReason: 'stop' }],
      }),
      expected: { action: 'pass' },
    },
  ],
});
