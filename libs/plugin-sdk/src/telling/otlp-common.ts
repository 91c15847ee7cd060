// What spans and metrics have in common in OTLP: attributes, who tells, times.
// Field numbers: https://github.com/open-telemetry/opentelemetry-proto (common and resource v1), read 2026-11-21
import { WireType, type BinaryWriter } from '@bufbuild/protobuf/wire';

/** Whole numbers become integers, others doubles. */
export type OtlpValue = string | number | boolean | readonly string[];

/** Undefined ones are left out. */
export type OtlpAttributes = Readonly<Record<string, OtlpValue | undefined>>;

export interface OtlpSource {
  /** `service.name` and the like. */
  readonly resource: OtlpAttributes;
  readonly scope: { readonly name: string; readonly version?: string };
}

/** Epoch milliseconds → epoch nanoseconds, to the microsecond: a double holds no more of today's date. */
export const otlpNanos = (epochMs: number): bigint => BigInt(Math.max(0, Math.round(epochMs * 1_000))) * 1_000n;

export const writeScope = (writer: BinaryWriter, { name, version }: OtlpSource['scope']): void => {
  message(writer, 1, () => {
    text(writer, 1, name);
    text(writer, 2, version);
  });
};

export const writeAttributes = (writer: BinaryWriter, field: number, attributes: OtlpAttributes): void => {
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

export const message = (writer: BinaryWriter, field: number, write: () => void): void => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
};

export const text = (writer: BinaryWriter, field: number, value: string | undefined): void => {
  if (value) writer.tag(field, WireType.LengthDelimited).string(value.toWellFormed());
};

export const bytes = (writer: BinaryWriter, field: number, hex: string): void => {
  writer.tag(field, WireType.LengthDelimited).bytes(Buffer.from(hex, 'hex'));
};
