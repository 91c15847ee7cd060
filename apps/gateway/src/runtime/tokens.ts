// What controllers ask Nest for.
export const RUNTIME = Symbol('runtime');

/** All metrics of this gateway in Prometheus' text format, over all its workers. */
export class MetricsText {
  constructor(readonly read: () => Promise<string>) {}
}
