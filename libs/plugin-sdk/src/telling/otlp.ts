// Spans as OTLP sends them, in protobuf.
// Field numbers: https://github.com/open-telemetry/opentelemetry-proto (trace, common and resource v1), read 2026-11-21
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Whole numbers become integers, others doubles. */
export type OtlpValue = string | number | boolean | readonly string[];

/** Undefined ones are left out. */
export type OtlpAttributes = Readonly<Record<string, OtlpValue | undefined>>;

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

export interface OtlpSource {
  /** `service.name` and the like. */
  readonly resource: OtlpAttributes;
  readonly scope: { readonly name: string; readonly version?: string };
}

export const OTLP_PROTOBUF = 'application/x-protobuf';

/** An `ExportTraceServiceRequest`. */
export const encodeOtlpSpans = (spans: readonly OtlpSpan[], { resource, scope }: OtlpSource): Uint8Array => {
  const writer = new BinaryWriter();
  message(writer, 1, () => {
    message(writer, 1, () => writeAttributes(writer, 1, resource));
    message(writer, 2, () => {
      message(writer, 1, () => {
        text(writer, 1, scope.name);
        text(writer, 2, scope.version);
      });
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

/** Epoch milliseconds → epoch nanoseconds, to the microsecond: a double holds no more of today's date. */
export const otlpNanos = (epochMs: number): bigint => BigInt(Math.max(0, Math.round(epochMs * 1_000))) * 1_000n;

const writeAttributes = (writer: BinaryWriter, field: number, attributes: OtlpAttributes): void => {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    message(writer, field, () => {
      text(writer, 1, key);
      message(writer, 2, () => writeValue(writer, value));
    });
  }
};

const writeValue = (writer: BinaryWriter, value: OtlpValue): void => {
  if (typeof value === 'string') writer.tag(1, WireType.LengthDelimited).string(value.toWellFormed());
  else if (typeof value === 'boolean') writer.tag(2, WireType.Varint).bool(value);
  else if (Number.isSafeInteger(value)) writer.tag(3, WireType.Varint).int64(value as number);
  else if (typeof value === 'number') writer.tag(4, WireType.Bit64).double(value);
  else message(writer, 5, () => value.forEach((one) => message(writer, 1, () => writeValue(writer, one))));
};

const message = (writer: BinaryWriter, field: number, write: () => void): void => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
};

const text = (writer: BinaryWriter, field: number, value: string | undefined): void => {
  if (value) writer.tag(field, WireType.LengthDelimited).string(value.toWellFormed());
};

const bytes = (writer: BinaryWriter, field: number, hex: string): void => {
  writer.tag(field, WireType.LengthDelimited).bytes(Buffer.from(hex, 'hex'));
};
