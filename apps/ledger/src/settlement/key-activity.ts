// When keys were last used: once a minute a key, beside the settlement, and never in its way.
import type { DataSource } from 'typeorm';
import { texts } from './columns.js';

const EVERY_MS = 60_000;
/** Keys that are remembered to have been written; beyond it all are written again. */
const REMEMBERED = 100_000;

export class KeyActivity {
  private readonly written = new Map<string, number>();
  private readonly waiting = new Map<string, number>();
  private writing: Promise<void> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  /** @param keys hash → epoch milliseconds. Nobody waits for it, and a failure is made up for by the next use. */
  used(keys: ReadonlyMap<string, number>): void {
    for (const [key, at] of keys) {
      if (at - (this.written.get(key) ?? 0) < EVERY_MS) continue;
      if (at > (this.waiting.get(key) ?? 0)) this.waiting.set(key, at);
    }
    if (this.waiting.size > 0) this.writing ??= this.write();
  }

  /** When all that was told is written. */
  async idle(): Promise<void> {
    while (this.writing) await this.writing;
  }

  private async write(): Promise<void> {
    while (this.waiting.size > 0) {
      const keys = [...this.waiting];
      this.waiting.clear();
      if (this.written.size > REMEMBERED) this.written.clear();
      for (const [key, at] of keys) this.written.set(key, at);
      try {
        await this.update(keys);
      } catch {
        for (const [key] of keys) this.written.delete(key);
        break;
      }
    }
    this.writing = undefined;
  }

  /** Whoever changes a key meanwhile is not waited for: its row is passed over. */
  private async update(keys: readonly (readonly [string, number])[]): Promise<void> {
    await this.dataSource.query(
      `WITH used AS (SELECT * FROM unnest($1::text[], $2::timestamptz[]) AS u(token, at)),
            free AS (SELECT k.token, u.at FROM turnpike.virtual_keys k JOIN used u ON u.token = k.token
                      WHERE k.last_active IS NULL OR k.last_active < u.at
                      ORDER BY k.token FOR UPDATE OF k SKIP LOCKED)
       UPDATE turnpike.virtual_keys k SET last_active = free.at FROM free WHERE k.token = free.token`,
      [texts(keys.map(([key]) => key)), texts(keys.map(([, at]) => new Date(at).toISOString()))],
    );
  }
}
