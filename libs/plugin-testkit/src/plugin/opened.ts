// A plugin set up on a fake host, and the time limits that the kernel would hold it to.
import type { AnyPlugin, ContractName, Contracts, JsonObject, Lifecycle } from '@turnpike/plugin-sdk';
import { ConformanceError } from '../check.js';
import { fakeHost, type FakeHost } from '../host/fake-host.js';

export type AnyInstance = Record<string, unknown> & Lifecycle;

/** Makes a new host for each check. */
export type MakeHost = () => FakeHost;

export interface Openable {
  plugin: AnyPlugin;
  /** Valid settings as an operator writes them, with a made-up secret that is easy to find. */
  config: JsonObject;
  /** Makes the host, for plugins that need more of it than usual; `fakeHost` by default. */
  host?: MakeHost;
}

export interface Opened<Instance = AnyInstance> {
  readonly host: FakeHost;
  readonly instance: Instance & Lifecycle;
}

/** Parses the settings and runs `init`. The type argument says which contract the suite is for. */
export const openPlugin = <C extends ContractName = ContractName>({
  plugin,
  config,
  host: makeHost = fakeHost,
}: Openable): Opened<Contracts[C]> => {
  const host = makeHost();
  const settings = plugin.config.parse(config) as never;
  return { host, instance: plugin.init(settings, host) as Contracts[C] & Lifecycle };
};

/**
 * The result of `work`, while the host's clock goes along with real time.
 * @throws ConformanceError when it takes longer than `ms`
 */
export const within = async <T>(host: FakeHost, ms: number, what: string, work: () => Promise<T> | T): Promise<T> => {
  const startedAt = performance.now();
  let passed = 0;
  const ticking = setInterval(() => {
    const elapsed = Math.floor(performance.now() - startedAt);
    host.clock.advance(elapsed - passed);
    passed = elapsed;
  }, 10);
  let late: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    late = setTimeout(() => reject(new ConformanceError(`${what} took longer than ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([Promise.resolve().then(work), timeout]);
  } finally {
    clearInterval(ticking);
    clearTimeout(late);
  }
};

/** What a promise ended in; never throws, unless it takes longer than `ms`. */
export const settled = async (
  host: FakeHost,
  ms: number,
  what: string,
  work: () => unknown,
): Promise<PromiseSettledResult<unknown>> =>
  within(host, ms, what, async () => {
    try {
      return { status: 'fulfilled', value: await work() };
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  });
