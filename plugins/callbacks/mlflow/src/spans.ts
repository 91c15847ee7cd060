// A call as MLflow shows it: the common spans, and attributes that MLflow alone reads.
// docs: https://mlflow.org/docs/latest/genai/tracing/opentelemetry/ingest, read 2026-11-21
import {
  contentIn,
  contentOut,
  genAiSpans,
  toCleanJson,
  toCleanText,
  type CallFinished,
  type OtlpAttributes,
  type OtlpSpan,
} from '@turnpike/plugin-sdk';

/**
 * Every call is a trace of its own: a trace whose first span is elsewhere would never be complete here. Attributes that
 * are no plain values are JSON.
 */
export const mlflowSpans = (call: CallFinished): OtlpSpan[] => {
  const [root, ...attempts] = genAiSpans(call, { withContent: false });
  const isChat = call.operation === 'chat';
  // Of a chat it shows messages, which it finds in an answer that is whole.
  const [input, output] = [contentIn(call), isChat ? call.response : contentOut(call)];
  const { trace_name: name } = call.metadata;
  const attributes: OtlpAttributes = {
    ...root!.attributes,
    'mlflow.spanInputs': input === undefined ? undefined : toCleanJson(input),
    'mlflow.spanOutputs': output === undefined ? undefined : toCleanJson(output),
    'mlflow.message.format': isChat ? 'openai' : undefined,
    'mlflow.llm.cost':
      call.costNanoUsd === undefined ? undefined : JSON.stringify({ total_cost: call.costNanoUsd / 1e9 }),
    'mlflow.traceTag.mlflow.traceName': typeof name === 'string' && name !== '' ? name : undefined,
    'mlflow.traceTag.call_id': call.callId,
    'mlflow.traceTag.tags': call.tags.length > 0 ? call.tags.join(',') : undefined,
    'mlflow.traceTag.key_alias': call.keyAlias,
    'mlflow.traceTag.team': call.teamAlias ?? call.teamId,
  };
  return [{ ...root!, attributes: cleaned(attributes) }, ...attempts];
};

/** Databases behind the server refuse NUL, and with it the whole request. */
const cleaned = (attributes: OtlpAttributes): OtlpAttributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? toCleanText(value) : value]),
  );
