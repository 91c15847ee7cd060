import { aChatRequestSaying, aChatResponseSaying, guardrailConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const jane = { body: [{ entity_type: 'PERSON', start: 5, end: 9, score: 0.85 }] };
const BASE = { presidio_analyzer_api_base: 'http://analyzer.example.org' };

guardrailConformance({
  plugin,
  config: { ...BASE, pii_entities_config: { PERSON: 'MASK', CREDIT_CARD: 'BLOCK' } },
  badConfig: [
    {},
    { presidio_analyzer_api_base: 'analyzer' },
    { ...BASE, pii_entities_config: { PERSON: 'HIDE' } },
    { ...BASE, pii_entities_config: { person: 'MASK' } },
    { ...BASE, presidio_score_thresholds: { PERSON: 2 } },
    { ...BASE, presidio_filter_scope: 'all' },
  ],
  cases: [
    { name: 'lets pass what holds nothing', moment: 'preCall', http: [{ body: [] }], expected: { action: 'pass' } },
    {
      name: 'masks',
      moment: 'preCall',
      request: aChatRequestSaying('I am Jane.'),
      http: [jane],
      expected: { action: 'replace', value: aChatRequestSaying('I am <PERSON>.') },
    },
    {
      name: 'blocks',
      moment: 'preCall',
      http: [{ body: [{ entity_type: 'CREDIT_CARD', start: 0, end: 3, score: 1 }] }],
      expected: { action: 'block' },
    },
    {
      name: 'masks an answer',
      moment: 'postCall',
      response: aChatResponseSaying('I am Jane.'),
      http: [jane],
      expected: { action: 'replace', value: aChatResponseSaying('I am <PERSON>.') },
    },
  ],
});
