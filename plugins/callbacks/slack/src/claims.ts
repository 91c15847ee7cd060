// Which worker of this machine tells of what all of them notice.
import type { PluginHost } from '@turnpike/plugin-sdk';
import { randomUUID } from 'node:crypto';

/** `host.state` may be 100 ms old: after this, all workers see the same last writer. */
const SETTLING_MS = 300;

export class Claims {
  /** Of this worker, while its plugin runs. */
  readonly owner = randomUUID();

  constructor(private readonly host: Pick<PluginHost, 'state' | 'clock' | 'timers'>) {}

  /** True for one of those workers that claim the same within `heldMs`; for that one again and again. */
  async isOurs(name: string, heldMs: number): Promise<boolean> {
    const key = `claim ${name}`;
    const held = this.host.state.get(key);
    if (Array.isArray(held) && this.host.clock.now() - Number(held[1]) < heldMs) return held[0] === this.owner;
    this.host.state.set(key, [this.owner, this.host.clock.now()]);
    await new Promise<void>((resolve) => void this.host.timers.after(SETTLING_MS, resolve));
    const now = this.host.state.get(key);
    return Array.isArray(now) && now[0] === this.owner;
  }
}
