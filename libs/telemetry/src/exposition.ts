// Prometheus' text format. docs: https://prometheus.io/docs/instrumenting/exposition_formats/

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
const NEEDS_ESCAPE = /[\\"\n]/;

const escapeLabel = (value: string): string =>
  NEEDS_ESCAPE.test(value) ? value.replaceAll(/[\\"\n]/g, (character) => ESCAPES[character]!) : value;

/** `a="1",b="2"`, without the braces. An empty label is none, and is left out: it means the same, and is shorter. */
export const labelsText = (names: readonly string[], values: readonly string[]): string => {
  let text = '';
  for (let index = 0; index < names.length; index += 1) {
    const value = values[index];
    if (value) text += `${text === '' ? '' : ','}${names[index]}="${escapeLabel(value)}"`;
  }
  return text;
};

const numberText = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);

export const headText = (name: string, help: string, type: string): string =>
  `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;

/** @param labels of `labelsText` */
export const lineText = (name: string, labels: string, value: number): string =>
  labels === '' ? `${name} ${numberText(value)}\n` : `${name}{${labels}} ${numberText(value)}\n`;

/**
 * All lines of one histogram.
 * @param counts by bucket, not cumulative; the last is above every bound
 */
export const histogramText = (
  name: string,
  labels: string,
  bounds: readonly number[],
  counts: ArrayLike<number>,
  sum: number,
): string => {
  const more = labels === '' ? '' : `,${labels}`;
  let text = '';
  let total = 0;
  for (let bucket = 0; bucket <= bounds.length; bucket += 1) {
    total += counts[bucket]!;
    text += `${name}_bucket{le="${bucket === bounds.length ? '+Inf' : bounds[bucket]}"${more}} ${total}\n`;
  }
  return text + lineText(`${name}_sum`, labels, sum) + lineText(`${name}_count`, labels, total);
};
