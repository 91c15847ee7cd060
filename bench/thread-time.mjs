/** Processor time of the calling thread, to the microsecond. */

/**
 * The kernel brings a running thread's account up to date only when the account of its whole process is asked for;
 * otherwise it is as old as the last tick, which is up to 10 ms.
 */
export function threadMicros() {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
