// Waits for something that happens by itself.

/** Asks every few milliseconds. @throws when it does not come true within 5 s */
export const until = async (isTrue: () => boolean): Promise<void> => {
  const deadline = performance.now() + 5_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`It did not come true: ${isTrue.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};
