// Spans as OTLP sends them, in protobuf.
// Field numbers: https://github.com/open-telemetry/opentelemetry-proto (trace, common and resource v1), read 2026-11-21
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  bytes,
  message,
  otlpNanos,
  text,
  writeAttributes,
  writeScope,
  type OtlpAttributes,
  type OtlpSource,
} from './otlp-common.js';

export interface OtlpSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  /** Epoch milliseconds; fractions count. */
  readonly startedAt: number;
  /** Epoch milliseconds; fractions count. */
  readonly endedAt: number;
  readonly attributes: OtlpAttributes;
  /** Absent: unset. */
  readonly status?: { readonly code: 'ok' | 'error'; readonly message?: string };
}

export const OTLP_PROTOBUF = 'application/x-protobuf';

/** An `ExportTraceServiceRequest`. */
export const encodeOtlpSpans = (spans: readonly OtlpSpan[], { resource, scope }: OtlpSource): Uint8Array => {
  const writer = new BinaryWriter();
  message(writer, 1, () => {
    message(writer, 1, () => writeAttributes(writer, 1, resource));
    message(writer, 2, () => {
      writeScope(writer, scope);
      for (const span of spans) message(writer, 2, () => writeSpan(writer, span));
    });
  });
  return writer.finish();
};

const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_CODES = { ok: 1, error: 2 } as const;

const writeSpan = (writer: BinaryWriter, span: OtlpSpan): void => {
  bytes(writer, 1, span.traceId);
  bytes(writer, 2, span.spanId);
  if (span.parentSpanId !== undefined) bytes(writer, 4, span.parentSpanId);
  text(writer, 5, span.name);
  writer.tag(6, WireType.Varint).int32(KINDS[span.kind]);
  writer.tag(7, WireType.Bit64).fixed64(otlpNanos(span.startedAt));
  writer.tag(8, WireType.Bit64).fixed64(otlpNanos(span.endedAt));
  writeAttributes(writer, 9, span.attributes);
  const { status } = span;
  if (status) {
    message(writer, 15, () => {
      text(writer, 2, status.message);
      writer.tag(3, WireType.Varint).int32(STATUS_CODES[status.code]);
    });
  }
};
