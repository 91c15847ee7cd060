// The guardrail suite: verdicts of the right shape, given on inputs that stay as they were.
import type {
  AnswerStreamV1,
  ChatRequest,
  ChatResponse,
  GuardrailContext,
  GuardrailV1,
  GuardrailVerdict,
} from '@turnpike/plugin-sdk';
import { aChatRequest, aChatResponse, aGuardrailContext } from '../builders/chat.js';
import { check, must, type Check, type Skip } from '../check.js';
import { declareChecks } from '../declare.js';
import { fakeHost } from '../host/fake-host.js';
import type { ScriptedAnswer } from '../host/fake-http.js';
import { deepFreeze, mustEqual } from '../json.js';
import { pluginChecks, type PluginSubject } from '../plugin/conformance.js';
import { BACKENDS, tryStart } from '../plugin/lifecycle.checks.js';
import { openPlugin, settled, within } from '../plugin/opened.js';
import { mustHoldNoSecret } from '../plugin/secret.checks.js';
import { secretsOf } from '../secrets.js';
import { inEveryCut, toldInStream } from './cut-answers.js';

type Moment = keyof Required<GuardrailV1>;

export interface GuardrailCase {
  /** What it shows: 'blocks a card number'. */
  name: string;
  moment: Moment;
  request?: ChatRequest;
  /** For `postCall`. */
  response?: ChatResponse;
  /** For `postCall`: `preCall` has seen the request, and may remember something of it. */
  remembers?: true;
  /** What the service behind it answers, one per request. */
  http?: readonly ScriptedAnswer[];
  /** `value` of a replacement is compared when it is given. */
  expected: { action: 'pass' | 'block' } | { action: 'replace'; value?: ChatRequest | ChatResponse };
}

export interface GuardrailConformance extends PluginSubject {
  /** At least one that passes and, for each declared moment, one that does not. */
  cases: readonly GuardrailCase[];
}

const CHECK_MS = 5_000;

type AnyVerdict = GuardrailVerdict<ChatRequest | ChatResponse>;

const ask = (
  instance: GuardrailV1,
  {
    moment,
    request = aChatRequest(),
    response = aChatResponse(),
  }: Pick<GuardrailCase, 'moment' | 'request' | 'response'>,
  context: GuardrailContext,
): Promise<AnyVerdict> => {
  deepFreeze(request);
  deepFreeze(response);
  switch (moment) {
    case 'preCall':
      return instance.preCall!.check(request, context);
    case 'duringCall':
      return instance.duringCall!.check(request, context);
    case 'postCall':
      return instance.postCall!.check(response, request, context);
  }
};

/** The context that both looks of one call share the memory of. */
const contextAfter = async (
  instance: GuardrailV1,
  { remembers, request = aChatRequest() }: GuardrailCase,
): Promise<GuardrailContext> => {
  const context = aGuardrailContext();
  if (remembers) await instance.preCall!.check(deepFreeze(request), context);
  return context;
};

/** @throws ConformanceError */
export const mustBeVerdict = (verdict: unknown, moment: Moment): void => {
  const { action, message, value } = (verdict ?? {}) as { action?: unknown; message?: unknown; value?: unknown };
  must(action === 'pass' || action === 'replace' || action === 'block', `'${String(action)}' is no action.`);
  if (action === 'block') {
    must(typeof message === 'string' && message.trim() !== '', 'It blocks without a message for the client.');
  }
  if (action === 'replace') {
    must(moment !== 'duringCall', 'Beside the call it may only stop it; there is nothing left to replace.');
    const key = moment === 'preCall' ? 'messages' : 'choices';
    must(
      typeof value === 'object' && value !== null && Array.isArray((value as Record<string, unknown>)[key]),
      `The replacement has no '${key}'.`,
    );
  }
};

export const guardrailChecks = (subject: GuardrailConformance): Check[] => {
  const moments = subject.plugin.capabilities as readonly Moment[];
  return [
    ...pluginChecks(subject),
    check('coverage/cases', 'has a case that passes, and one that does not for each moment', () => {
      must(
        subject.cases.some(({ expected }) => expected.action === 'pass'),
        'No case passes.',
      );
      for (const moment of moments) {
        const stops = subject.cases.some((example) => example.moment === moment && example.expected.action !== 'pass');
        must(stops, `No case of '${moment}' blocks or replaces.`);
      }
    }),
    ...subject.cases.map((example) =>
      check(
        `cases/${example.name}`,
        `gives the verdict '${example.expected.action}' and leaves its input alone`,
        () => checkCase(subject, example),
        4 * CHECK_MS,
      ),
    ),
    ...subject.cases
      .filter(({ moment }) => moment === 'postCall')
      .map((example) =>
        check(
          `streams/${example.name}`,
          'makes the same of a stream that it checks as it comes, however that is cut',
          () => checkStream(subject, example),
          4 * CHECK_MS,
        ),
      ),
    ...moments.flatMap((moment) =>
      Object.entries(BACKENDS).map(([name]) =>
        check(
          `${moment}/backend-${name}`,
          'gives a verdict or rejects, and tells no secret',
          () => checkBackend(subject, moment, name),
          6 * CHECK_MS,
        ),
      ),
    ),
  ];
};

const open = (subject: PluginSubject) => {
  const host = (subject.host ?? fakeHost)();
  return { host, instance: openPlugin<'guardrail/v1'>({ ...subject, host: () => host }).instance };
};

const checkCase = async (subject: GuardrailConformance, example: GuardrailCase): Promise<void> => {
  const { host, instance } = open(subject);
  try {
    await tryStart({ host, life: instance });
    host.http.answer(...(example.http ?? []));
    const verdict = await within(host, CHECK_MS, 'the check', async () =>
      ask(instance, example, await contextAfter(instance, example)),
    );
    mustBeVerdict(verdict, example.moment);
    mustEqual(verdict.action, example.expected.action, 'The action differs');
    const { expected } = example;
    if (expected.action === 'replace' && expected.value && verdict.action === 'replace') {
      mustEqual(verdict.value, expected.value, 'The replacement differs');
    }
  } finally {
    await settled(host, CHECK_MS, 'stop', () => instance.stop?.());
    host.dispose();
  }
};

/** One that needs the whole answer is judged by `checkCase` alone. */
const checkStream = async (subject: GuardrailConformance, example: GuardrailCase): Promise<void> => {
  const { host, instance } = open(subject);
  const { request = aChatRequest(), response = aChatResponse(), expected } = example;
  try {
    await tryStart({ host, life: instance });
    const made = async (): Promise<AnswerStreamV1 | 'pass' | undefined> => {
      host.http.answer(...(example.http ?? []));
      const context = await contextAfter(instance, example);
      return instance.postCall?.stream?.(deepFreeze(request), context);
    };
    const first = await made();
    if (first === 'pass') mustEqual('pass', expected.action, 'It lets streams pass unseen');
    if (first === undefined || first === 'pass') return;
    const again = async (): Promise<AnswerStreamV1> => (await made()) as AnswerStreamV1;
    for await (const [cut, { block, response: told }] of inEveryCut(response, again)) {
      mustEqual(
        block ? 'block' : 'no block',
        expected.action === 'block' ? 'block' : 'no block',
        `Cut ${cut}: blocked`,
      );
      if (block) mustBeVerdict(block, 'postCall');
      else if (expected.action === 'pass') mustEqual(told, toldInStream(response), `Cut ${cut}: the answer differs`);
      else if (expected.action === 'replace' && expected.value)
        mustEqual(told, toldInStream(expected.value as ChatResponse), `Cut ${cut}: the replacement differs`);
    }
  } finally {
    await settled(host, CHECK_MS, 'stop', () => instance.stop?.());
    host.dispose();
  }
};

/** Whatever its service does, the check ends once its signal is aborted. */
const checkBackend = async (subject: PluginSubject, moment: Moment, backend: string): Promise<void> => {
  const { host, instance } = open(subject);
  host.http.fallback = BACKENDS[backend]!;
  try {
    await tryStart({ host, life: instance });
    const context = aGuardrailContext({ signal: AbortSignal.timeout(100) });
    const outcome = await settled(host, CHECK_MS, 'the check', () => ask(instance, { moment }, context));
    if (outcome.status === 'fulfilled') mustBeVerdict(outcome.value, moment);
    mustHoldNoSecret([outcome, host.logs], secretsOf(subject.config), 'The verdict, error or logs');
  } finally {
    await settled(host, CHECK_MS, 'stop', () => instance.stop?.());
    host.dispose();
  }
};

/** Declares the guardrail suite. */
export const guardrailConformance = (subject: GuardrailConformance & { skips?: readonly Skip[] }): void =>
  declareChecks(`${subject.plugin.id} keeps the guardrail contract`, guardrailChecks(subject), subject.skips);
