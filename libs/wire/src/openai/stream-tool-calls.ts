// Which tool call a streamed fragment belongs to. Hosts disagree about `index` and repeat or omit ids.
import type { JsonObject } from '@turnpike/domain';
import { randomUUID } from 'node:crypto';

interface Seen {
  id: string;
  name: string;
  /** The host's own index, if it sent one. */
  hostIndex: number | undefined;
  hasArguments: boolean;
}

export const newToolCallId = (): string => `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

export class ToolCallTracker {
  private readonly byChoice = new Map<number, Seen[]>();

  /**
   * Our own index for a fragment, counted from 0 in order of appearance, and the id and name when it begins a call.
   * A new id under a used index is a new call. A fragment with neither id nor index continues the last one, unless it
   * names another call.
   */
  place(
    choice: number,
    call: JsonObject,
    described: JsonObject,
  ): { index: number; started?: { id: string; name: string } } {
    const seen = this.seen(choice);
    const id = typeof call['id'] === 'string' && call['id'] !== '' ? call['id'] : undefined;
    const hostIndex = typeof call['index'] === 'number' ? call['index'] : undefined;
    const name = typeof described['name'] === 'string' ? described['name'] : '';
    const known = this.find(seen, name, id, hostIndex);
    if (known !== -1) return { index: known };
    const started = { id: id ?? newToolCallId(), name };
    seen.push({ ...started, hostIndex, hasArguments: false });
    return { index: seen.length - 1, started };
  }

  wrote(choice: number, index: number): void {
    const call = this.seen(choice)[index];
    if (call) call.hasArguments = true;
  }

  has(choice: number): boolean {
    return this.seen(choice).length > 0;
  }

  /** Calls that began and never got arguments. */
  silent(choice: number): number[] {
    return this.seen(choice).flatMap((call, index) => (call.hasArguments ? [] : [index]));
  }

  private find(seen: readonly Seen[], name: string, id: string | undefined, hostIndex: number | undefined): number {
    if (id !== undefined) return seen.findIndex((call) => call.id === id);
    if (hostIndex !== undefined) return seen.findLastIndex((call) => call.hostIndex === hostIndex);
    const last = seen.at(-1);
    const isOther = last !== undefined && name !== '' && (name !== last.name || last.hasArguments);
    return isOther ? -1 : seen.length - 1;
  }

  private seen(choice: number): Seen[] {
    let seen = this.byChoice.get(choice);
    if (!seen) this.byChoice.set(choice, (seen = []));
    return seen;
  }
}
