import {
  aChatRequest,
  aChatRequestSaying,
  aChatResponse,
  aChatResponseSaying,
  guardrailConformance,
} from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const TOKEN = `ghp_${'aB3dE5gH7'.repeat(4)}`;

const calling = (json: string) =>
  aChatRequest({
    messages: [{ role: 'assistant', content: [{ type: 'tool-call', id: '1', name: 'f', arguments: json }] }],
  });

const answering = (text: string, json: string) =>
  aChatResponse({
    choices: [
      {
        index: 0,
        content: [
          { type: 'text', text },
          { type: 'tool-call', id: '1', name: 'f', arguments: json },
        ],
        finishReason: 'tool-calls',
      },
    ],
  });

guardrailConformance({
  plugin,
  config: { replacement: '[{kind}]', except: ['jwt'] },
  badConfig: [{ action: 'delete' }, { except: ['shoe-size'] }, { replacement: 5 }],
  cases: [
    {
      name: 'masks what an answer tells, in its text and in the arguments of its calls',
      moment: 'postCall',
      response: answering(`use ${TOKEN}!`, `{"token": "${TOKEN}", "password": "hunter2hunter2", "n": 1.0}`),
      expected: {
        action: 'replace',
        value: answering('use [github-token]!', '{"token": "[github-token]", "password": "[assignment]", "n": 1.0}'),
      },
    },
    { name: 'lets a greeting pass', moment: 'preCall', expected: { action: 'pass' } },
    {
      name: 'masks a token',
      moment: 'preCall',
      request: aChatRequestSaying(`push with ${TOKEN}.`),
      expected: { action: 'replace', value: aChatRequestSaying('push with [github-token].') },
    },
    {
      name: 'leaves an excepted kind',
      moment: 'preCall',
      request: aChatRequestSaying('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijklm'),
      expected: { action: 'pass' },
    },
    {
      name: 'masks the password among arguments, which stay JSON',
      moment: 'preCall',
      request: calling('{"user": "me", "password": "hunter2\\"hunter2", "port": 5432}'),
      expected: { action: 'replace', value: calling('{"user": "me", "password": "[assignment]", "port": 5432}') },
    },
    {
      name: 'masks an answer',
      moment: 'postCall',
      response: aChatResponseSaying(`it is ${TOKEN}`),
      expected: { action: 'replace', value: aChatResponseSaying('it is [github-token]') },
    },
  ],
});
