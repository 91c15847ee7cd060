import type { Deployment, JsonObject } from '@turnpike/domain';
import type { Call } from '@turnpike/plugin-sdk';
import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { anAttempt, anExchange, anInstance } from '../../test/doubles.js';
import type { Recalled } from '../pipeline/exchange.js';
import { Callable } from '../runtime/callable.js';
import { applyEdits } from './body-edits.js';
import { editsFor } from './prepare.js';

const BODY: JsonObject = { model: 'm', messages: [] };

describe("what a fallback's entry changes of a request", () => {
  /** The body as the provider gets it. */
  const overridden = (overrides: JsonObject, body: JsonObject = {}, changes: Partial<Deployment> = {}): JsonObject => {
    const whole = { ...BODY, ...body };
    const attempt = anAttempt(anExchange<Recalled>({ body: whole }));
    Object.assign(attempt.choice, { overrides });
    const callable = new Callable(aDeployment(changes), anInstance<'provider/v1'>('provider.x', {}));
    return applyEdits(whole, editsFor(attempt, callable, { model: 'm' } as Call));
  };

  it.each<[string, JsonObject, Partial<Deployment>, JsonObject]>([
    ["wins over the client's own field", { temperature: 1 }, {}, { temperature: 0 }],
    ["wins over the deployment's default", {}, { defaults: { temperature: 0.5 } }, { temperature: 0 }],
    ['gives way to what the operator puts over every body', {}, { extraBody: { temperature: 2 } }, { temperature: 2 }],
    ["gives way to the client's extra body", { extra_body: { temperature: 2 } }, {}, { temperature: 2 }],
  ])('%s', (_title, body, changes, expected) => {
    expect(overridden({ temperature: 0 }, body, changes)).toEqual({ ...BODY, ...expected });
  });

  it("takes the place of the deployment's default in its other spelling too", () => {
    const changes = { defaults: { max_tokens: 5 } };
    expect(overridden({ max_completion_tokens: 9 }, {}, changes)).toEqual({ ...BODY, max_completion_tokens: 9 });
  });

  it.each(['timeout', 'num_retries', 'tags', 'api_key', 'metadata'])(
    'does not reach the provider where it is said to the gateway: %s',
    (name) => expect(overridden({ [name]: 'x', top_k: 1 })).toEqual({ ...BODY, top_k: 1 }),
  );
});
