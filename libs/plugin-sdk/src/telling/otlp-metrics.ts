// Histograms as OTLP sends them, in protobuf.
// Field numbers: https://github.com/open-telemetry/opentelemetry-proto (metrics v1), read 2026-11-21
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { message, otlpNanos, text, writeAttributes, writeScope } from './otlp-common.js';
import type { OtlpAttributes, OtlpSource } from './otlp-common.js';

export interface OtlpHistogram {
  readonly name: string;
  readonly description: string;
  /** UCUM: `s`, `{token}`. */
  readonly unit: string;
  /** Upper ends of the buckets, rising; one more bucket has what is above. */
  readonly bounds: readonly number[];
  readonly points: readonly OtlpHistogramPoint[];
}

/** What was measured between two times, and by no other point: delta temporality. */
export interface OtlpHistogramPoint {
  readonly attributes: OtlpAttributes;
  /** Epoch milliseconds, both. */
  readonly from: number;
  readonly to: number;
  /** At least one, all finite. */
  readonly values: readonly number[];
}

const DELTA = 1;

/** An `ExportMetricsServiceRequest`. */
export const encodeOtlpHistograms = (
  histograms: readonly OtlpHistogram[],
  { resource, scope }: OtlpSource,
): Uint8Array => {
  const writer = new BinaryWriter();
  message(writer, 1, () => {
    message(writer, 1, () => writeAttributes(writer, 1, resource));
    message(writer, 2, () => {
      writeScope(writer, scope);
      for (const histogram of histograms) message(writer, 2, () => writeHistogram(writer, histogram));
    });
  });
  return writer.finish();
};

const writeHistogram = (writer: BinaryWriter, { name, description, unit, bounds, points }: OtlpHistogram): void => {
  text(writer, 1, name);
  text(writer, 2, description);
  text(writer, 3, unit);
  message(writer, 9, () => {
    for (const point of points) message(writer, 1, () => writePoint(writer, point, bounds));
    writer.tag(2, WireType.Varint).int32(DELTA);
  });
};

const writePoint = (
  writer: BinaryWriter,
  { attributes, from, to, values }: OtlpHistogramPoint,
  bounds: readonly number[],
): void => {
  writer.tag(2, WireType.Bit64).fixed64(otlpNanos(from));
  writer.tag(3, WireType.Bit64).fixed64(otlpNanos(to));
  writer.tag(4, WireType.Bit64).fixed64(values.length);
  writer.tag(5, WireType.Bit64).double(values.reduce((sum, value) => sum + value, 0));
  message(writer, 6, () => bucketsOf(values, bounds).forEach((count) => writer.fixed64(count)));
  message(writer, 7, () => bounds.forEach((bound) => writer.double(bound)));
  writeAttributes(writer, 9, attributes);
  writer.tag(11, WireType.Bit64).double(Math.min(...values));
  writer.tag(12, WireType.Bit64).double(Math.max(...values));
};

/** A value that equals a bound is in the bucket below it. */
const bucketsOf = (values: readonly number[], bounds: readonly number[]): number[] => {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  for (const value of values) {
    const index = bounds.findIndex((bound) => value <= bound);
    counts[index === -1 ? bounds.length : index]! += 1;
  }
  return counts;
};
