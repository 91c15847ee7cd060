// Several streams as one, in the order in which they speak.

/** Ends when one of them ends or fails; the others are ended then. */
export async function* merge<T>(...streams: AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = (index: number): Promise<{ index: number; result: IteratorResult<T> }> =>
    streams[index]!.next().then((result) => ({ index, result }));
  const pending = streams.map((_, index) => next(index));
  try {
    for (;;) {
      const { index, result } = await Promise.race(pending);
      if (result.done) return;
      pending[index] = next(index);
      yield result.value;
    }
  } finally {
    // One that waits ends when its own signal says so; nobody waits for it, and its failure has nobody to tell.
    for (const promise of pending) promise.catch(() => undefined);
    for (const stream of streams) stream.return(undefined).catch(() => undefined);
  }
}
