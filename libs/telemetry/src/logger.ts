// The log: JSON lines for machines, readable lines for a terminal. Everything is masked before it is written.
import pino from 'pino';
import { formatTerminalLine } from './logger.terminal.js';
import { redactText, redactValue } from './redact.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, unknown>;

/** What plugins get as `host.log` has the same four methods. None of them ever throws. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line; the line's own fields win. */
  child(fields: LogFields): Logger;
}

export interface RootLogger extends Logger {
  /** Whether lines of this level are written: ask before a costly field is made. */
  isEnabled(level: LogLevel): boolean;
  /** Writes out what is still in memory; at exit this happens by itself. */
  flush(): Promise<void>;
}

export interface LogDestination {
  write(line: string): unknown;
  flush?(): void | Promise<void>;
}

export interface LoggerOptions {
  /** Least level that is written; `info` by default. */
  level?: LogLevel;
  /** JSON lines. Default: in production, and wherever standard output is no terminal. */
  json?: boolean;
  /** Standard output by default, written asynchronously. */
  destination?: LogDestination;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

/** Lines that wait while the reader of standard output is stuck; beyond this they are dropped, not kept. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Fields that would double the line's own keys get another name. */
const RESERVED = new Set(['level', 'time', 'message']);

type Write = (level: LogLevel, message: string, fields: LogFields) => void;

const standardOutput = (): LogDestination => {
  const stream = pino.destination({ fd: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  // A full disk behind standard output must not end the process.
  stream.on('error', () => {});
  return { write: (line) => stream.write(line), flush: () => stream.flushSync() };
};

const writeJson = (level: LogLevel, destination: LogDestination): Write => {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  const lines = pino(options, { write: (line) => void destination.write(line) });
  return (at, message, fields) => lines[at](fields, message);
};

const writeReadable =
  (destination: LogDestination): Write =>
  (level, message, fields) =>
    destination.write(formatTerminalLine(new Date(), level, message, fields));

const clean = (fields: LogFields): LogFields => {
  const masked = redactValue(fields) as LogFields;
  return Object.fromEntries(
    Object.entries(masked).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
  );
};

export const createLogger = (options: LoggerOptions = {}): RootLogger => {
  const { level: least = 'info', destination = standardOutput() } = options;
  const json = options.json ?? (process.env['NODE_ENV'] === 'production' || !process.stdout.isTTY);
  const write = json ? writeJson(least, destination) : writeReadable(destination);
  const isEnabled = (level: LogLevel): boolean => LEVELS[level] >= LEVELS[least];

  const loggerWith = (bound: LogFields): Logger => {
    const log = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
      if (!isEnabled(level)) return;
      try {
        write(level, redactText(String(message)), clean(fields ? { ...bound, ...fields } : bound));
      } catch {
        // Nobody is left to tell.
      }
    };
    return {
      debug: (message, fields) => log('debug', message, fields),
      info: (message, fields) => log('info', message, fields),
      warn: (message, fields) => log('warn', message, fields),
      error: (message, fields) => log('error', message, fields),
      child: (fields) => loggerWith({ ...bound, ...fields }),
    };
  };

  return {
    ...loggerWith({}),
    isEnabled,
    flush: async () => {
      try {
        await destination.flush?.();
      } catch {
        // A destination that is closed, or not open yet, holds nothing that could be saved.
      }
    },
  };
};
