// Requests of one conversation keep to one deployment, so that its provider's prompt cache hits.
import { describe, expect, it, jest } from '@jest/globals';
import { ask, at, BOTH_WAYS, blue, expectAnswer, explain, gatewayFor, green, red, type Mock } from './fleet.js';
import { startGateway } from './harness.js';

jest.setTimeout(30_000);

const MOCKS: Record<string, Mock> = { red, green, blue };

const config = {
  model_list: [
    ...['talk', 'moves', 'weighted'].flatMap((name) =>
      Object.values(MOCKS).map((mock, index) =>
        at(mock, name, { model: name, ...(name === 'weighted' && { weight: index === 0 ? 0 : 1 }) }),
      ),
    ),
  ],
  router_settings: { session_affinity: true, allowed_fails: 0, cooldown_time: 60 },
};

const gateway = gatewayFor(() => ({ config }));

const system = { role: 'system', content: 'You are terse.' };
const user = (content: string): object => ({ role: 'user', content });
const assistant = { role: 'assistant', content: 'Yes.' };

/** A conversation's first, second and third turn. */
const turns = (topic: string): object[][] => [
  [system, user(topic)],
  [system, user(topic), assistant, user('And then?')],
  [system, user(topic), assistant, user('And then?'), assistant, user('Why?')],
];

const answering = async (model: string, body: object, headers: Record<string, string> = {}): Promise<string> => {
  const told = await ask(gateway(), { model, ...body }, { headers });
  expect(told.status).toBe(200);
  return told.deployment!;
};

const CONVERSATIONS = Array.from({ length: 12 }, (_, index) => `topic ${index}`);

describe.each(BOTH_WAYS)('a conversation, %s', (_, stream) => {
  it('stays where it began', async () => {
    const used = new Set<string>();
    for (const topic of CONVERSATIONS) {
      const deployments = new Set<string>();
      for (const messages of turns(topic)) deployments.add(await answering('talk', { messages, stream }));
      expect(deployments.size).toBe(1);
      deployments.forEach((one) => used.add(one));
    }
    // And not all at one place.
    expect(used.size).toBeGreaterThan(1);
  });

  it.each<[string, (session: string) => [object, Record<string, string>?]]>([
    ['x-litellm-session-id', (session) => [{}, { 'x-litellm-session-id': session }]],
    ['litellm_session_id', (session) => [{ litellm_session_id: session }]],
    ['metadata.session_id', (session) => [{ metadata: { session_id: session } }]],
    ['prompt_cache_key', (session) => [{ prompt_cache_key: session }]],
  ])('is what the client calls so, whatever it says: %s', async (_name, wish) => {
    const places = new Set<string>();
    for (const session of CONVERSATIONS) {
      const [fields, headers] = wish(session);
      const deployments = new Set<string>();
      for (const word of ['one', 'two', 'three'])
        deployments.add(
          await answering('talk', { messages: [user(`${session} ${word}`)], stream, ...fields }, headers),
        );
      expect(deployments.size).toBe(1);
      deployments.forEach((one) => places.add(one));
    }
    expect(places.size).toBeGreaterThan(1);
  });
});

it('a conversation moves while its deployment rests, and others stay', async () => {
  const owner = async (topic: string): Promise<string> => answering('moves', { messages: [user(topic)] });
  const before = await Promise.all(CONVERSATIONS.map(owner));
  const moved = CONVERSATIONS.findIndex((_, index) => before[index] === before[0]);
  const mock = MOCKS[before[0]!.split('.')[1]!]!;

  mock.behave('500');
  const told = await ask(gateway(), { model: 'moves', messages: [user(CONVERSATIONS[moved]!)] });
  expect([told.status, told.retries]).toEqual([200, 1]);
  const { groups } = await explain(gateway(), { model: 'moves', messages: [user(CONVERSATIONS[moved]!)] });
  expect(groups[0].pick).toEqual({ deploymentId: told.deployment, reason: 'affinity' });

  const after = await Promise.all(CONVERSATIONS.map(owner));
  expect(after[moved]).toBe(told.deployment);
  CONVERSATIONS.forEach((_, index) => {
    if (before[index] === before[0]) expect(after[index]).not.toBe(before[0]);
    else expect(after[index]).toBe(before[index]);
  });
});

it('weights hold: who has none gets no conversation', async () => {
  const owners = new Set(
    await Promise.all(CONVERSATIONS.map((topic) => answering('weighted', { messages: [user(topic)] }))),
  );
  expect([...owners].sort()).toEqual(['weighted.blue', 'weighted.green']);
});

it('another gateway comes to the same places', async () => {
  const places = (at: { url: string }): Promise<(string | null)[]> =>
    Promise.all(
      CONVERSATIONS.map(async (topic) => (await ask(at, { model: 'talk', messages: [user(topic)] })).deployment),
    );
  const other = await startGateway({ config });
  expect(await places(other)).toEqual(await places(gateway()));
  await other.kill();
});

it('without the setting chance decides', async () => {
  const other = await startGateway({ config: { ...config, router_settings: {} } });
  const messages = turns('one topic')[0]!;
  const answers = await Promise.all(Array.from({ length: 24 }, () => ask(other, { model: 'talk', messages })));
  answers.forEach((told) => expectAnswer({ ...told, content: 'Mock answer to: Hello' }));
  expect(new Set(answers.map(({ deployment }) => deployment)).size).toBeGreaterThan(1);
  await other.kill();
});
