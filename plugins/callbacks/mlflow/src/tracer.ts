// Sends batches to the tracking server, which takes all of a request or nothing.
import {
  basic,
  encodeOtlpSpans,
  giveUp,
  httpTargetOf,
  isPassingFailure,
  OTLP_PROTOBUF,
  type CallFinished,
  type HttpRequest,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import type { MlflowSettings } from './config.js';
import { findExperiment, type AskMlflow } from './experiment.js';
import { mlflowSpans } from './spans.js';

const SOURCE = { resource: { 'service.name': 'turnpike' }, scope: { name: 'turnpike' } };

/** A long call may have more, in a request of its own. */
const MAX_POST_BYTES = 1_000_000;

type Trace = (calls: readonly CallFinished[], signal: AbortSignal) => Promise<void>;

export const createTracer = (settings: MlflowSettings, host: Pick<PluginHost, 'http' | 'log' | 'metrics'>): Trace => {
  const target = httpTargetOf(settings.tracking_uri);
  const base = target.url.replace(/\/+$/, '');
  const headers = { ...target.headers, ...authorisation(settings) };
  /** A batch that failed comes again with the same objects. */
  const taken = new WeakSet<CallFinished>();
  let experimentId = settings.experiment_id;

  const ask =
    (signal: AbortSignal): AskMlflow =>
    (path, body) =>
      host.http.request({
        url: `${base}/api/2.0/mlflow/${path}`,
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
        signal,
      });

  const posting = (id: string, lot: Lot, signal: AbortSignal): HttpRequest => ({
    method: 'POST',
    url: `${base}/v1/traces`,
    headers: { ...headers, 'content-type': OTLP_PROTOBUF, 'x-mlflow-experiment-id': id },
    // Requests of OTLP written one after the other are one request.
    body: Buffer.concat(lot.map(({ bytes }) => bytes)),
    signal,
  });

  const send = async (id: string, lot: Lot, signal: AbortSignal): Promise<void> => {
    const { status } = await host.http.request(posting(id, lot, signal));
    if (status === 404) {
      experimentId = settings.experiment_id;
      throw new Error('MLflow answered 404: the experiment is gone, or the server is older than 3.6.');
    }
    // What it cannot take of one call does not keep the others out.
    const mayBeOfOne = status === 500 || (status >= 300 && !isPassingFailure(status));
    if (mayBeOfOne && lot.length > 1) return sendOneByOne(id, lot, signal);
    if (isPassingFailure(status)) throw new Error(`MLflow answered ${status}.`);
    if (status >= 300) giveUp(host, status, { to: 'MLflow', count: 1 });
    for (const { call } of lot) taken.add(call);
  };

  /** @throws when one is to be sent again */
  const sendOneByOne = async (id: string, lot: Lot, signal: AbortSignal): Promise<void> => {
    const failures: unknown[] = [];
    for (const one of lot) {
      await send(id, [one], signal).catch((error: unknown) => failures.push(error));
      signal.throwIfAborted();
    }
    if (failures.length === 0) return;
    throw new Error(`MLflow could not take ${failures.length} of ${lot.length} calls.`, { cause: failures[0] });
  };

  return async (calls, signal) => {
    const waiting = calls.filter((call) => !taken.has(call));
    if (waiting.length === 0) return;
    const id = (experimentId ??= await findExperiment(settings.experiment_name, ask(signal)));
    for (const lot of lotsOf(waiting)) await send(id, lot, signal);
  };
};

type Lot = { readonly call: CallFinished; readonly bytes: Uint8Array }[];

const lotsOf = (calls: readonly CallFinished[]): Lot[] => {
  const lots: Lot[] = [];
  let size = 0;
  for (const call of calls) {
    const bytes = encodeOtlpSpans(mlflowSpans(call), SOURCE);
    const lot = lots.at(-1);
    if (lot && size + bytes.length <= MAX_POST_BYTES) lot.push({ call, bytes });
    else {
      lots.push([{ call, bytes }]);
      size = 0;
    }
    size += bytes.length;
  }
  return lots;
};

const authorisation = ({
  tracking_token: token,
  tracking_username: user,
  tracking_password: password = '',
}: MlflowSettings): Record<string, string> => {
  if (user !== undefined) return { authorization: basic(user, password) };
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
};
