// Durations as operators write them: `30s`, `5m`, `24h`, `30d`, `2w`, `1mo`.

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, mo: 2_592_000_000 } as const;

type Unit = keyof typeof UNITS;

interface Duration {
  amount: number;
  unit: Unit;
}

/** `30min` and `7days` mean 30m and 7d; `10ms` is refused, because it would read as ten minutes. */
const PATTERN = /^(\d+)\s*(?!ms$)(mo|s|m|h|d|w)[a-z]*$/;

/** Reads `30d`, `1 mo`, `30min`; undefined when it is none. */
const parseDuration = (text: string): Duration | undefined => {
  const match = PATTERN.exec(text.trim().toLowerCase());
  return match ? { amount: Number(match[1]), unit: match[2] as Unit } : undefined;
};

/** Milliseconds of a duration; a month counts as 30 days. Undefined when the text is no duration. */
export const parseDurationMs = (text: string): number | undefined => {
  const duration = parseDuration(text);
  return duration && duration.amount * UNITS[duration.unit];
};

/** The short spelling: `30min` → `30m`. Undefined when the text is no duration. */
export const normaliseDuration = (text: string): string | undefined => {
  const duration = parseDuration(text);
  return duration && `${duration.amount}${duration.unit}`;
};
