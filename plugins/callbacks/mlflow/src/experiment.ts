// The experiment that traces belong to: found by its name, or made.
// docs: https://mlflow.org/docs/latest/api_reference/rest-api.html, read 2026-11-21
import { isJsonObject, type HttpResponse, type JsonObject, type JsonValue } from '@turnpike/plugin-sdk';

/** Asks the REST API; `path` begins after `/api/2.0/mlflow/`. */
export type AskMlflow = (path: string, body?: JsonObject) => Promise<HttpResponse>;

/** @throws when it cannot be found or made */
export const findExperiment = async (name: string, ask: AskMlflow): Promise<string> => {
  const path = `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
  const found = await ask(path);
  if (found.status !== 404) return idOf(found, 'experiment');
  const made = await ask('experiments/create', { name });
  // Another worker was quicker.
  return made.status === 400 ? idOf(await ask(path), 'experiment') : idOf(made);
};

/** `{experiment: {experiment_id, lifecycle_stage}}`, or `{experiment_id}` of a new one. */
const idOf = ({ status, body }: HttpResponse, member?: string): string => {
  if (status >= 300) throw new Error(`MLflow answered ${status} when it was asked for the experiment.`);
  const answer = parse(body);
  const experiment = isJsonObject(answer) && member ? answer[member] : answer;
  const { experiment_id: id, lifecycle_stage: stage } = isJsonObject(experiment) ? experiment : {};
  if (stage === 'deleted') throw new Error('The MLflow experiment is deleted. Restore it, or name another.');
  if (typeof id !== 'string' || id === '') throw new Error('MLflow answered with something that is no experiment.');
  return id;
};

const parse = (body: Uint8Array): JsonValue | undefined => {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
};
