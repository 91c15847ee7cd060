// Operations that a provider does by itself, without an HTTP call.
import type { JsonValue } from '@turnpike/plugin-sdk';
import { check, fail, must, type Check } from '../check.js';
import { differences, mustEqual } from '../json.js';
import { checkChunkOrder } from './chunk-order.js';
import { canonicalRequest, plainCase } from './requests.js';
import { callOf, joined, openProvider } from './subject.js';
import type { AnyChunk, AnyLocalOperation, ProviderSubject } from './subject.js';
import type { FixtureCase, OperationName } from './fixtures.js';

const localOperation = (subject: ProviderSubject, fixture: FixtureCase): AnyLocalOperation => {
  const operation = openProvider(subject, fixture.options).instance[fixture.operation];
  must(operation?.kind === 'local', `The provider has no local '${fixture.operation}'.`);
  return operation as AnyLocalOperation;
};

export const localChecks = (subject: ProviderSubject, fixture: FixtureCase): Check[] => {
  const { name, expected, request } = fixture;
  if (!request || expected === undefined) return [];
  const checks = [check(`${name}/answer`, 'answers as expected', () => checkAnswer(subject, fixture))];
  const { stream } = localOperation(subject, fixture);
  if (stream) {
    checks.push(check(`${name}/stream`, 'streams the same answer', () => checkStream(subject, fixture)));
  }
  return checks;
};

const checkAnswer = async (subject: ProviderSubject, fixture: FixtureCase): Promise<void> => {
  const answer: unknown = await localOperation(subject, fixture).respond(
    canonicalRequest(fixture),
    callOf(subject.plugin, fixture, { stream: false }),
    new AbortController().signal,
  );
  mustEqual(answer, fixture.expected, `The answer differs from ${fixture.name}.expected.json`);
};

const streamOf = (subject: ProviderSubject, fixture: FixtureCase, signal: AbortSignal): AsyncIterable<AnyChunk> => {
  const { stream } = localOperation(subject, fixture);
  if (!stream) return fail('The operation does not stream.');
  const call = callOf(subject.plugin, fixture, { stream: true });
  return stream(canonicalRequest(fixture), call, signal) as AsyncIterable<AnyChunk>;
};

const checkStream = async (subject: ProviderSubject, fixture: FixtureCase): Promise<void> => {
  const chunks: AnyChunk[] = [];
  for await (const chunk of streamOf(subject, fixture, new AbortController().signal)) chunks.push(chunk);
  checkChunkOrder(chunks);
  const answer: JsonValue = joined(fixture.operation, chunks);
  mustEqual(answer, { ...(fixture.expected as object), extras: undefined }, 'The joined stream differs');
};

/** A client that leaves stops the work: at most the chunk under way still comes. */
export const localAbortCheck = (subject: ProviderSubject, operation: OperationName): Check =>
  check(`${operation}/abort`, 'stops when the call is aborted', async () => {
    const words = Array.from({ length: 200 }, (_, index) => `word${index}`).join(' ');
    const request = operation === 'chat' ? { messages: [{ role: 'user', content: words }] } : { prompt: words };
    const fixture: FixtureCase = { ...plainCase(operation), request: { model: 'test-model', ...request } };
    const whole: AnyChunk[] = [];
    for await (const chunk of streamOf(subject, fixture, new AbortController().signal)) whole.push(chunk);

    const controller = new AbortController();
    const chunks: AnyChunk[] = [];
    try {
      for await (const chunk of streamOf(subject, fixture, controller.signal)) {
        chunks.push(chunk);
        controller.abort();
      }
    } catch (error) {
      must(controller.signal.aborted, `The stream ended in an error before the abort: ${String(error)}`);
    }
    must(chunks.length <= 2, `After the abort ${chunks.length - 1} more chunks came.`);
    must(differences(whole, chunks).length > 0, 'The stream is too short to show whether it stops.');
  });
