import type { Alert, JsonValue, SharedState, UpstreamAnswered } from '@turnpike/plugin-sdk';
import { anUpstreamAnswered, fakeHost, FakeClock, someAlerts, START_OF_TIME } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from '../src/index.js';

const URL_WITH_TOKEN = 'https://hooks.slack.com/services/T000/B000/made-up-token';

/** What workers of a machine share. */
const machine = () => {
  const values = new Map<string, JsonValue>();
  const state: SharedState = {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    delete: (key) => void values.delete(key),
  };
  return { state, clock: new FakeClock() };
};

const open = async (settings: object = {}, { state, clock } = machine()) => {
  const host = fakeHost({ clock, overrides: { state } });
  host.http.fallback = { status: 200 };
  const running = plugin.init(plugin.config.parse({ webhook_url: URL_WITH_TOKEN, ...settings }), host);
  await running.start!(AbortSignal.timeout(1_000));
  const { events } = running;
  const said = (): string[] =>
    host.http.requests.flatMap(({ body }) => (JSON.parse(String(body)) as { text: string }).text.split('\n'));
  /** Lets time go by, and what waits for it happen. */
  const pass = async (ms: number): Promise<void> => {
    for (let rest = ms; rest > 0; rest -= 500) {
      host.clock.advance(Math.min(500, rest));
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    }
  };
  const alert = async (...alerts: Alert[]): Promise<void> => {
    const told = Promise.resolve(events.onAlert!(alerts, AbortSignal.timeout(5_000)));
    told.catch(() => undefined);
    await pass(1_000);
    await told;
  };
  return { host, running, events, said, pass, alert };
};

type Opened = Awaited<ReturnType<typeof open>>;

const ended = ({ events, host }: Opened, changes: Partial<UpstreamAnswered> = {}, times = 1): void => {
  const now = host.clock.now();
  for (let time = 0; time < times; time += 1)
    void events.onAfterCall!(anUpstreamAnswered({ startedAt: now - 100, endedAt: now, ...changes }));
};

const failed: Partial<UpstreamAnswered> = {
  status: 'failure',
  error: { code: 'GW_UPSTREAM_UNAVAILABLE', message: 'cannot answer: my secret prompt', upstreamStatus: 503 },
};

describe('alerts of the gateway', () => {
  it('are told in one message', async () => {
    const { alert, said, host } = await open();
    await alert(...someAlerts());
    expect(host.http.requests).toHaveLength(1);
    expect(host.http.requests[0]).toMatchObject({ method: 'POST', url: URL_WITH_TOKEN });
    expect(said()).toEqual([
      ':warning: 8.5 USD are spent of 10 USD (85 %), the budget of key test key.',
      ':warning: Deployment deployment-0 of chat-large (large-2026-01-01) is left alone after failures (GW_UPSTREAM_UNAVAILABLE).',
      ':red_circle: The ledger is away.',
    ]);
  });

  it('are told once, and that it is over', async () => {
    const { alert, said } = await open();
    const began = someAlerts()[2]!;
    await alert(began);
    await alert({ ...began });
    await alert({ ...began, event: 'ended' } as Alert);
    expect(said()).toEqual([
      ':red_circle: The ledger is away.',
      ':large_green_circle: It is over: The ledger is away.',
    ]);
  });

  it('are told by one of the workers that notice them', async () => {
    const shared = machine();
    const workers = [await open({}, shared), await open({}, shared), await open({}, shared)];
    await Promise.all(workers.map(({ alert }) => alert(...someAlerts())));
    expect(workers.flatMap(({ said }) => said())).toHaveLength(3);
  });

  it('that come again are told by whichever worker notices them', async () => {
    const shared = machine();
    const workers = [await open({}, shared), await open({}, shared)] as const;
    const cooled = someAlerts()[1]!;
    await workers[0].alert(cooled);
    await workers[0].pass(5_000);
    await workers[0].alert({ ...cooled, event: 'recovered' } as Alert);
    await workers[0].pass(5_000);
    await workers[1].alert({ ...cooled });
    expect(workers[1].said()).toEqual([expect.stringContaining('is left alone')]);
  });

  it('go to the channels of their kind', async () => {
    const addresses = ['https://hooks.slack.com/services/budgets', 'https://hooks.slack.com/services/money'];
    const { alert, host } = await open({ alert_to_webhook_url: { budget_alerts: addresses } });
    await alert(...someAlerts());
    expect(host.http.requests.map(({ url }) => url)).toEqual([...addresses, URL_WITH_TOKEN]);
  });

  it('come again where Slack was away, and not to the channel that has them', async () => {
    const other = 'https://hooks.slack.com/services/money';
    const { alert, host } = await open({ alert_to_webhook_url: { budget_alerts: other } });
    host.http.fallback = ({ url }) => ({ status: url === other ? 200 : 503 });
    const alerts = someAlerts();
    await expect(alert(...alerts)).rejects.toThrow('Slack answered 503.');
    host.http.fallback = { status: 200 };
    await alert(...alerts);
    expect(host.http.requests.map(({ url }) => url)).toEqual([other, URL_WITH_TOKEN, URL_WITH_TOKEN]);
  });

  it('that Slack refuses are counted, and told without the address', async () => {
    const { alert, host } = await open();
    host.http.fallback = { status: 404 };
    await alert(...someAlerts());
    expect(host.counts).toEqual({ refused: 3 });
    expect(JSON.stringify(host.logs)).not.toMatch(/made-up|hooks\.slack/);
  });

  it('of kinds that are not wanted are not told', async () => {
    const { alert, said } = await open({ alert_types: ['budget_alerts', 'spend_reports'] });
    await alert(...someAlerts());
    expect(said()).toEqual([expect.stringContaining('budget of key')]);
  });

  it('mention nobody, whatever a key is called', async () => {
    const { alert, said } = await open();
    await alert({ ...someAlerts()[0]!, alias: '<!channel> & <https://evil|here>\n:red_circle: fire' } as Alert);
    expect(said()).toEqual([
      expect.stringContaining('&lt;!channel&gt; &amp; &lt;https://evil|here&gt; :red_circle: fire'),
    ]);
  });
});

describe('a model that fails', () => {
  it('is told of when it begins and when it is over, not call by call', async () => {
    const slack = await open();
    ended(slack, failed, 4);
    await slack.pass(1_000);
    expect(slack.said()).toEqual([]);
    ended(slack, failed, 3);
    await slack.pass(1_000);
    expect(slack.said()).toEqual([
      ':warning: Outage: sample/large-2026-01-01 failed 5 times in 60 s, last with GW_UPSTREAM_UNAVAILABLE.',
    ]);
    for (let second = 0; second < 90; second += 10) {
      ended(slack, failed);
      await slack.pass(10_000);
    }
    expect(slack.said()).toHaveLength(2);
    expect(slack.said()[1]).toMatch(/^:red_circle: Major outage: .* failed 10 times/);
    await slack.pass(70_000);
    expect(slack.said().slice(2)).toEqual([
      ':large_green_circle: The outage of sample/large-2026-01-01 is over: no failure for 60 s. It began at 2026-01-15T12:00:01.000Z.',
    ]);
    ended(slack, failed, 5);
    await slack.pass(1_000);
    expect(slack.said()).toHaveLength(4);
  });

  it('says nothing of what providers say', async () => {
    const slack = await open();
    ended(slack, failed, 20);
    await slack.pass(1_000);
    expect(slack.said().length).toBeGreaterThan(0);
    expect(slack.said().join()).not.toContain('secret prompt');
  });

  it.each(['GW_UPSTREAM_RATE_LIMITED', 'GW_UPSTREAM_AUTHENTICATION', 'GW_INVALID_REQUEST'])(
    'is not out where the provider refuses (%s)',
    async (code) => {
      const slack = await open({ alert_types: ['outage_alerts'] });
      ended(slack, { status: 'failure', error: { code, message: '' } }, 20);
      await slack.pass(1_000);
      expect(slack.said()).toEqual([]);
    },
  );

  it('is told of by one worker, and so is its end', async () => {
    const shared = machine();
    const workers = [await open({}, shared), await open({}, shared)] as const;
    for (const worker of workers) ended(worker, failed, 5);
    await workers[0].pass(1_000);
    const said = () => workers.flatMap((worker) => worker.said());
    expect(said()).toEqual([expect.stringContaining('Outage')]);
    await workers[0].pass(80_000);
    expect(said()).toEqual([expect.stringContaining('Outage'), expect.stringContaining('is over')]);
  });

  it('is told of once Slack is back', async () => {
    const slack = await open();
    slack.host.http.fallback = { status: 503 };
    ended(slack, failed, 5);
    await slack.pass(1_500);
    slack.host.http.fallback = { status: 200 };
    slack.host.http.requests.length = 0;
    await slack.pass(10_000);
    expect(slack.said()).toEqual([expect.stringContaining('Outage')]);
  });

  it('is told of before the plugin stops', async () => {
    const slack = await open();
    ended(slack, failed, 5);
    await slack.running.stop!();
    await slack.running.stop!();
    expect(slack.said()).toEqual([expect.stringContaining('Outage')]);
    expect(slack.host.clock.pendingTimers).toBeLessThan(2);
  });
});

describe('a group', () => {
  it('whose share of failures is too large is told of, and only when it is well below is it over', async () => {
    const slack = await open({ alert_types: ['llm_exceptions'] });
    const errors = (share: number) => {
      ended(slack, {}, 10 - share);
      ended(slack, { status: 'failure', error: { code: 'GW_UPSTREAM_RATE_LIMITED', message: '' } }, share);
    };
    errors(10);
    expect(slack.said()).toEqual([]);
    errors(6);
    await slack.pass(1_000);
    expect(slack.said()).toEqual([':warning: Errors: 16 of the last 20 requests for chat-large failed (80 %).']);
    for (let time = 0; time < 20; time += 1) {
      errors(4);
      await slack.pass(10_000);
    }
    expect(slack.said()).toHaveLength(1);
    for (let time = 0; time < 20; time += 1) {
      errors(1);
      await slack.pass(10_000);
    }
    expect(slack.said().slice(1)).toEqual([expect.stringContaining('Requests for chat-large succeed again.')]);
  });
});

describe('an answer', () => {
  it('that takes long is told of, once for all that follow', async () => {
    const slack = await open({ alerting_threshold: 10 });
    const now = START_OF_TIME;
    ended(slack, { startedAt: now - 9_900, endedAt: now });
    await slack.pass(1_000);
    expect(slack.said()).toEqual([]);
    ended(slack, { startedAt: now - 12_340, endedAt: now }, 3);
    await slack.pass(1_000);
    expect(slack.said()).toEqual([
      ':warning: Slow: sample/large-2026-01-01 took 12.3 s to answer; 10 s are the limit.',
    ]);
    await slack.pass(80_000);
    expect(slack.said().slice(1)).toEqual([
      expect.stringContaining('No answer of sample/large-2026-01-01 has been slow'),
    ]);
  });

  it('that nobody waited for is none', async () => {
    const slack = await open({ alerting_threshold: 10 });
    ended(slack, { status: 'abandoned', startedAt: 0, endedAt: 100_000 });
    await slack.pass(1_000);
    expect(slack.said()).toEqual([]);
  });
});

it('says what of LiteLLM’s settings has no effect', async () => {
  const settings = { alert_types: ['daily_reports'], alerting_args: { daily_report_frequency: 43_200 } };
  const { host } = await open(settings);
  expect(host.logs.map(({ message }) => message)).toEqual([
    'Slack: alert_types "daily_reports" has no effect here',
    'Slack: alerting_args.daily_report_frequency has no effect here',
  ]);
});
