// One gateway worker: runtime, server, signals, and its end of the channel.
import { masterKeyOf, type GatewayConfig } from '@turnpike/config';
import type { Configuration } from './runtime/configuration.js';
import { isGatewayError } from '@turnpike/errors';
import { createLogger, MetricsSum } from '@turnpike/telemetry';
import { ChannelAuthority, type LimitChannel } from '@turnpike/limits';
import { LiveState, type DeploymentReport } from '@turnpike/router';
import { register } from 'prom-client';
import { AskedOfAll } from './asked-of-all.js';
import type { Channel } from './channel.js';
import { createServer } from './server.js';
import { ledgerOf, loadOptions, readBundle, type StartOptions } from './start-options.js';
import { startFailure } from './start-failure.js';
import { startPage } from './start-page.js';
import { summedTables } from './metrics/exposed-tables.js';
import { RedisMetrics } from './metrics/redis-metrics.js';
import { steadyNow } from './runtime/clock.js';
import { joinMachines } from './runtime/machines.js';
import type { RoutingListener } from './runtime/routing-bus.js';
import { Runtime } from './runtime/runtime.js';
import type { AllWorkers } from './runtime/tokens.js';
import { validateApiKeys } from './runtime/validate-api-keys.js';

/** A crash loses at most this much of a worker's counts. */
const DUMP_INTERVAL_MS = 1_000;
/** The other workers know at most this much later what one has learned of a deployment. */
const REPORT_INTERVAL_MS = 40;
/** What one learned when a cooldown began, and what one told when it sent a probe, has come to all within this time. */
const TURN_MS = 100;

export const runWorker = async (
  options: StartOptions,
  configuration: Configuration,
  channel: Channel | undefined,
): Promise<void> => {
  const { config } = configuration;
  const { logging } = config;
  const log = createLogger({
    level: logging.verbose && logging.level === 'warn' ? 'info' : logging.level,
    json: logging.json || undefined,
  });
  const masterKey = masterKeyOf(config);
  const state = new LiveState({
    isShared: channel !== undefined || config.redis !== undefined,
    turnMs: (channel?.place ?? 0) * TURN_MS,
  });
  // With a primary, that is who meets the other machines.
  const redisMetrics = new RedisMetrics();
  const machines = channel ? undefined : await joinMachines(config.redis, steadyNow, learning(state), redisMetrics);
  const runtime = await Runtime.start(
    {
      load: loadOptions(options),
      bundle: readBundle(),
      log,
      registry: register,
      redisMetrics,
      masterKey: masterKey.key,
      ledger: ledgerOf(options, config),
      state,
      limitAuthority: channel ? new ChannelAuthority(limitsOver(channel), { now: steadyNow }) : machines?.authority,
      ...(channel && { publishState: (change) => channel.send({ type: 'state', change }) }),
    },
    configuration,
  );
  const asked = channel && new AskedOfAll(channel);
  const allWorkers: AllWorkers = asked ?? {
    metricsText: summedAlone(runtime, config),
    findCall: (callId) => Promise.resolve(runtime.recentCalls.find(callId)),
    forgetAnswers: () => Promise.resolve(),
  };

  const server = await createServer(runtime, allWorkers);
  const page = (port: number): string => startPage(runtime, masterKey, port);
  let isStopping = false;
  const stop = async (code: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    if (channel) channel.send({ type: 'leaving' });
    await server.close();
    machines?.bus.close();
    if (channel) channel.send({ type: 'metrics-dump', dump: await runtime.metrics.everything() });
    process.exitCode = code;
    // What still holds the process is somebody's forgotten timer.
    setTimeout(() => process.exit(code), 200).unref();
    if (process.connected) process.disconnect();
  };
  const reload = (): void => {
    runtime.reload().then(
      () => log.info('configuration reloaded'),
      (error: unknown) =>
        log.error('the configuration was not reloaded; the former one stays', {
          reason: isGatewayError(error) ? startFailure(error) : error,
        }),
    );
  };
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  process.on('SIGHUP', reload);

  const tell = channel
    ? (reports: DeploymentReport[]) => channel.send({ type: 'routing', reports })
    : machines && ((reports: DeploymentReport[]) => machines.bus.tell('', reports));
  if (tell) {
    setInterval(() => {
      const reports = state.reports(steadyNow());
      if (reports.length > 0) tell(reports);
    }, REPORT_INTERVAL_MS).unref();
  }
  if (channel) {
    setInterval(() => channel.send({ type: 'metrics-dump', dump: runtime.metrics.counts() }), DUMP_INTERVAL_MS).unref();
    process.on('disconnect', () => void stop(0));
    channel.onMessage((message, socket) => {
      switch (message.type) {
        case 'serve':
          server.expectConnections();
          channel.send({ type: 'listening', page: page(message.port) });
          break;
        case 'connection':
          if (socket) server.take(socket);
          channel.send({ type: 'took' });
          break;
        case 'metrics-collect':
          void runtime.metrics
            .everything()
            .then((dump) => channel.send({ type: 'metrics-dump', dump, request: message.request }));
          break;
        case 'metrics-text':
          asked?.answered(message.request, message.text);
          break;
        case 'call-asked':
          channel.send({
            type: 'call-told',
            request: message.request,
            record: runtime.recentCalls.find(message.callId),
          });
          break;
        case 'call-found':
          asked?.answered(message.request, message.record);
          break;
        case 'routing':
          state.learn(message.from, message.reports, steadyNow());
          break;
        case 'routing-wanted':
          state.tellAll();
          runtime.health.tellAll();
          break;
        case 'duty':
          runtime.duty.begin();
          break;
        case 'routing-gone':
          state.forget(message.from);
          break;
        case 'state':
          runtime.sharedState.apply(message.change);
          break;
        case 'cache-forget':
          void forgetAnswers(runtime, message.keys).then(() =>
            channel.send({ type: 'cache-forgotten', request: message.request }),
          );
          break;
        case 'cache-forgot':
          asked?.answered(message.request, undefined);
          break;
        case 'reload':
          reload();
          break;
        case 'retire':
          runtime.duty.end();
          void server.retire().then(() => stop(0));
          break;
        case 'drain':
          void stop(0);
          break;
      }
    });
  }

  if (channel) channel.send({ type: 'ready' });
  else {
    process.stdout.write(page(await server.listen()));
    runtime.duty.begin();
  }
  // What the first request would otherwise wait for.
  setImmediate(() => runtime.prices.warm());
  if (config.health.validateApiKeys) void validateApiKeys(runtime);
  watchRetirement(runtime, config, channel);
};

/** The metrics of a worker that is the only one. */
const summedAlone = ({ metrics }: Runtime, { metrics: settings }: GatewayConfig): (() => Promise<string>) => {
  const sum = new MetricsSum(summedTables(settings), { idleMs: settings.idleMs });
  return async () => {
    sum.add('', await metrics.everything());
    return sum.text();
  };
};

/** Another worker was told to, and has told whoever asked how that ended. */
const forgetAnswers = async ({ current, log }: Runtime, keys: readonly string[] | undefined): Promise<void> => {
  try {
    await current.cache?.forget(keys);
  } catch (error) {
    log.warn('answers that another worker has forgotten were not forgotten here', { error });
  }
};

/** The part of the channel that limits speak over. */
const limitsOver = (channel: Channel): LimitChannel => ({
  send: (message) => channel.send({ type: 'limits', message }),
  onMessage: (listener) =>
    channel.onMessage((message) => {
      if (message.type === 'limits') listener(message.message);
    }),
});

const learning = (state: LiveState): RoutingListener => ({
  learn: (from, reports) => state.learn(from, reports, steadyNow()),
  forget: (from) => state.forget(from),
});

/** `max_requests_before_restart`: this worker asks to be replaced once it has served so many. */
const watchRetirement = (runtime: Runtime, config: GatewayConfig, channel: Channel | undefined): void => {
  const limit = config.server.maxRequestsBeforeRestart;
  if (limit <= 0 || !channel) return;
  const timer = setInterval(() => {
    if (runtime.callsServed < limit) return;
    clearInterval(timer);
    channel.send({ type: 'retiring' });
  }, 200);
  timer.unref();
};
