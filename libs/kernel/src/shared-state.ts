// The small store behind host.state: local reads, writes told to the other workers.
import type { JsonValue } from '@turnpike/domain';
import type { SharedState } from '@turnpike/plugin-sdk';

/** One write, as it travels between workers. An absent value is a deletion. */
export interface StateChange {
  plugin: string;
  key: string;
  value?: JsonValue;
}

const MAX_KEYS = 1_000;
const MAX_VALUE_CHARACTERS = 64 * 1024;

export class StateStore {
  private readonly byPlugin = new Map<string, Map<string, JsonValue>>();

  /** @param publish tells the other workers; absent when there are none */
  constructor(private readonly publish?: (change: StateChange) => void) {}

  /** A write that another worker made. */
  apply({ plugin, key, value }: StateChange): void {
    const map = this.mapOf(plugin);
    // Written last means evicted last.
    map.delete(key);
    if (value === undefined) return;
    map.set(key, value);
    if (map.size > MAX_KEYS) map.delete(map.keys().next().value!);
  }

  forPlugin(plugin: string): SharedState {
    const write = (change: StateChange): void => {
      this.apply(change);
      this.publish?.(change);
    };
    return {
      get: (key) => this.mapOf(plugin).get(key),
      set: (key, value) => {
        if (JSON.stringify(value).length > MAX_VALUE_CHARACTERS) {
          throw new RangeError(`host.state: the value of '${key}' is larger than ${MAX_VALUE_CHARACTERS} characters.`);
        }
        write({ plugin, key, value });
      },
      delete: (key) => write({ plugin, key }),
    };
  }

  private mapOf(plugin: string): Map<string, JsonValue> {
    let map = this.byPlugin.get(plugin);
    if (!map) this.byPlugin.set(plugin, (map = new Map<string, JsonValue>()));
    return map;
  }
}
