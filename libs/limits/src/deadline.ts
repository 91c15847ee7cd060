// Timers that are fair to answers: when this process itself was held up, what arrived meanwhile is read first.

/**
 * Calls back after so many milliseconds, once everything that arrived until then has been read.
 * @returns calls it off
 */
export const afterMs = (delayMs: number, callback: () => void): (() => void) => {
  let immediate: NodeJS.Immediate | undefined;
  // Timers run before the event loop reads from sockets, immediates after it.
  const timer = setTimeout(() => {
    immediate = setImmediate(callback);
  }, delayMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
};

/** Rejects when the promise takes longer. What it does later is ignored. */
export const within = <T>(delayMs: number, promise: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancel = afterMs(delayMs, () => reject(new Error(`No answer within ${delayMs} ms.`)));
    promise.then(resolve, reject).finally(cancel);
  });
