// Calls as the histograms of the conventions. One request holds what was measured since the one before.
// docs: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics, read 2026-11-21
import type { CallFinished, OtlpAttributes, OtlpHistogram, OtlpHistogramPoint } from '@turnpike/plugin-sdk';

const TOKEN_BOUNDS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
const SECOND_BOUNDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

const OPERATIONS: Readonly<Record<string, string>> = { completions: 'text_completion' };

interface Sample {
  readonly attributes: OtlpAttributes;
  readonly call: CallFinished;
  readonly value: number;
}

/** Histograms without points are left out. */
export const histogramsOf = (calls: readonly CallFinished[]): OtlpHistogram[] =>
  [
    {
      name: 'gen_ai.client.token.usage',
      description: 'Number of input and output tokens used',
      unit: '{token}',
      bounds: TOKEN_BOUNDS,
      points: pointsOf(calls.flatMap(tokensOf)),
    },
    {
      name: 'gen_ai.client.operation.duration',
      description: 'Duration of calls',
      unit: 's',
      bounds: SECOND_BOUNDS,
      points: pointsOf(calls.map(durationOf)),
    },
  ].filter(({ points }) => points.length > 0);

/** Models that nobody serves are whatever clients write: no series of their own. */
const attributesOf = ({ operation, model, provider, upstreamModel }: CallFinished): OtlpAttributes => ({
  'gen_ai.operation.name': OPERATIONS[operation] ?? operation,
  'gen_ai.provider.name': provider?.slice(provider.indexOf('.') + 1),
  'gen_ai.request.model': upstreamModel === undefined ? undefined : model,
  'gen_ai.response.model': upstreamModel,
});

const tokensOf = (call: CallFinished): Sample[] => {
  const { usage } = call;
  if (!usage) return [];
  const sample = (type: string, value: number): Sample => ({
    attributes: { ...attributesOf(call), 'gen_ai.token.type': type },
    call,
    value,
  });
  return [sample('input', usage.inputTokens), sample('output', usage.outputTokens)];
};

const durationOf = (call: CallFinished): Sample => ({
  attributes: { ...attributesOf(call), 'error.type': call.error?.code },
  call,
  value: Math.max(0, call.endedAt - call.startedAt) / 1_000,
});

const pointsOf = (samples: readonly Sample[]): OtlpHistogramPoint[] => {
  const points = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.attributes);
    points.set(key, [...(points.get(key) ?? []), sample]);
  }
  return [...points.values()].map((own) => ({
    attributes: own[0]!.attributes,
    from: Math.min(...own.map(({ call }) => call.startedAt)),
    to: Math.max(...own.map(({ call }) => call.endedAt)),
    values: own.map(({ value }) => value),
  }));
};
