import { aBareCallFinished, aCallFailed, aCallFinished, anEndedAttempt, START_OF_TIME } from '@turnpike/plugin-testkit';
import type { CallFinished } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { observationsOf } from './observations.js';

const of = (changes: Partial<CallFinished> = {}, defaultTags: string[] = []) =>
  observationsOf(aCallFinished({ metadata: {}, traceId: 'call-1', ...changes }), defaultTags);

describe('a call becomes', () => {
  it('a trace with who, what and which', () => {
    expect(of({ sessionId: 'session-1' }).trace).toEqual({
      id: 'call-1',
      timestamp: new Date(START_OF_TIME),
      name: 'litellm-acompletion',
      userId: 'end-user-1',
      sessionId: 'session-1',
      tags: ['test'],
      input: { messages: [{ role: 'user', content: 'Hello' }] },
      output: { role: 'assistant', content: 'Hi there!' },
    });
  });

  it('a generation with model, parameters, tokens, cost and times', () => {
    const { generation } = of({ stream: true });
    expect(generation).toMatchObject({
      id: 'call-1',
      traceId: 'call-1',
      name: 'litellm:test key',
      model: 'large-2026-01-01',
      modelParameters: { temperature: 0.2 },
      startTime: new Date(START_OF_TIME),
      endTime: new Date(START_OF_TIME + 850),
      completionStartTime: new Date(START_OF_TIME + 122),
      usageDetails: { input: 5, input_cached_tokens: 4, output: 3, total: 12 },
      costDetails: { total: 0.000_054 },
      level: 'DEFAULT',
    });
    expect(generation.metadata).toMatchObject({
      user_api_key_hash: '3f2a',
      user_api_key_team_id: 'team-1',
      spend_logs_metadata: { project: 'test' },
      litellm_call_id: 'call-1',
      custom_llm_provider: 'sample',
      cache_hit: false,
      hidden_params: { model_id: 'deployment-0' },
    });
  });

  it('a span for each guardrail', () => {
    expect(of().spans).toMatchObject([
      { traceId: 'call-1', name: 'guardrail', metadata: { guardrail_name: 'mask', guardrail_status: 'success' } },
    ]);
  });

  it('an error, with its attempts below it', () => {
    const { trace, generation, spans } = observationsOf(aCallFailed({ guardrails: [] }), []);
    expect(generation).toMatchObject({
      level: 'ERROR',
      statusMessage: 'GW_UPSTREAM_UNAVAILABLE: The provider is overloaded.',
    });
    expect(trace).not.toHaveProperty('output', expect.anything());
    expect(spans.map(({ id, parentObservationId, level }) => [id, parentObservationId, level])).toEqual([
      ['call-1-attempt-1', 'call-1', 'ERROR'],
      ['call-1-attempt-2', 'call-1', 'ERROR'],
      ['call-1-attempt-3', 'call-1', 'ERROR'],
    ]);
  });

  it('no span for the only attempt', () => {
    expect(of({ guardrails: [], attempts: [anEndedAttempt()] }).spans).toEqual([]);
  });

  it('a warning when its client left', () => {
    expect(of({ status: 'client_closed', error: undefined }).generation).toMatchObject({
      level: 'WARNING',
      statusMessage: 'The client left.',
    });
  });

  it('something, however little is known', () => {
    const { trace, generation } = observationsOf(aBareCallFinished(), []);
    expect(trace).toMatchObject({ id: 'call-1', name: 'litellm-acompletion', tags: [] });
    expect(generation).toMatchObject({ id: 'call-1', model: 'chat-large', name: 'litellm-acompletion' });
  });
});

describe('nothing of what was said', () => {
  const PRIVATE = 'a private thing';
  const said: Partial<CallFinished> = {
    request: { messages: [{ role: 'user', content: PRIVATE }], tools: [{ name: PRIVATE }] },
    response: { choices: [{ message: { role: 'assistant', content: PRIVATE } }] },
  };

  it('is told when message logging is off', () => {
    expect(JSON.stringify(of(said))).toContain(PRIVATE);
    const { trace, generation } = of({ ...said, request: undefined, response: undefined });
    expect(JSON.stringify([trace, generation])).not.toContain(PRIVATE);
    expect([trace?.input, trace?.output, generation.input]).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['input', { mask_input: true }, {}],
    ['output', { mask_output: true }, {}],
    ['input', {}, { langfuse_mask_input: 'true' }],
  ] as const)('is told where its client masks the %s', (side, metadata, headers) => {
    const { trace, generation } = of({ ...said, metadata, headers });
    expect([trace?.[side], generation[side]]).toEqual(['redacted-by-litellm', 'redacted-by-litellm']);
    expect(JSON.stringify(trace![side === 'input' ? 'output' : 'input'])).toContain(PRIVATE);
  });
});

describe('the client decides on', () => {
  it('ids, names, user, session, versions and tags', () => {
    const metadata = {
      trace_id: 't',
      trace_name: 'my trace',
      trace_user_id: 'me',
      trace_metadata: { project: 'p' },
      trace_version: '2',
      trace_release: 'r',
      trace_public: true,
      session_id: 's',
      generation_id: 'g',
      generation_name: 'my generation',
      parent_observation_id: 'span-of-mine',
      version: '1',
      prompt: { name: 'greeting', version: 3, config: {} },
      tags: ['a', 'b'],
      colour: 'blue',
    };
    const { trace, generation } = of({ metadata, tags: ['a', 'b', 'of the key'] }, []);
    expect(trace).toMatchObject({
      id: 't',
      name: 'my trace',
      userId: 'me',
      sessionId: 's',
      version: '2',
      release: 'r',
      public: true,
      metadata: { project: 'p' },
      tags: ['a', 'b', 'of the key'],
    });
    expect(generation).toMatchObject({
      id: 'g',
      traceId: 't',
      name: 'my generation',
      parentObservationId: 'span-of-mine',
      version: '1',
      promptName: 'greeting',
      promptVersion: 3,
    });
    expect(generation.metadata).toHaveProperty('colour', 'blue');
    expect(generation.metadata).not.toHaveProperty('trace_id');
  });

  it('the same by header, which counts for more', () => {
    const headers = { langfuse_trace_id: 't2', langfuse_tags: 'x, y', langfuse_trace_metadata: '{"a":1}' };
    expect(of({ headers, metadata: { trace_id: 't1' }, tags: [] }).trace).toMatchObject({
      id: 't2',
      tags: ['x', 'y'],
      metadata: { a: 1 },
    });
  });

  it.each([
    ['a trace that calls share', { traceId: 't' }, 't'],
    ['no trace by a session', { traceId: 's', sessionId: 's' }, 'call-1'],
  ])('%s', (_title, changes, id) => {
    expect(of(changes).trace?.id).toBe(id);
  });

  it('an existing trace, which stays as it is', () => {
    const { trace, generation } = of({ metadata: { existing_trace_id: 'theirs', trace_name: 'mine' } });
    expect(trace).toBeUndefined();
    expect(generation).toMatchObject({ id: 'call-1', traceId: 'theirs' });
  });

  it('what is changed of an existing trace', () => {
    const metadata = {
      existing_trace_id: 'theirs',
      update_trace_keys: ['output', 'trace_name', '__proto__', 5],
      trace_name: 'new',
      trace_version: 'not asked for',
    };
    expect(of({ metadata }).trace).toEqual({
      id: 'theirs',
      name: 'new',
      output: { role: 'assistant', content: 'Hi there!' },
    });
  });

  it.each([null, 1, '', {}, [[]], { trace_id: 1 }])('nothing with nonsense: %j', (nonsense) => {
    const names = [
      'trace_id',
      'existing_trace_id',
      'tags',
      'update_trace_keys',
      'prompt',
      'session_id',
      'generation_id',
    ];
    const metadata = Object.fromEntries(names.map((name) => [name, nonsense]));
    const { trace, generation } = of({ metadata, tags: [] });
    for (const id of [trace?.id ?? '1', generation.id, generation.traceId]) expect(typeof id).toBe('string');
    expect(trace?.tags ?? []).toEqual(trace?.tags?.map(String) ?? []);
  });
});

describe('the operator decides on', () => {
  it('facts that traces are tagged with', () => {
    const tags = ['user_api_key_alias', 'user_api_key_team_alias', 'cache_hit', 'cache_key', 'semantic-similarity'];
    expect(of({ tags: [], cache: 'hit' }, tags).trace?.tags).toEqual([
      'user_api_key_alias:test key',
      'user_api_key_team_alias:test team',
      'cache_hit:true',
      'cache_key:a1b2',
    ]);
  });
});
