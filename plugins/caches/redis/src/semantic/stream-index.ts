// Questions in a stream of Redis for each scope, which every worker reads on from where it was, and compares by itself. For
// servers without vectors of their own.
//
//   XADD <prefix><scope> MAXLEN ~ 10000 * k <key> e 1768479000000 v <float32 …>
import type { SimilarQuestion } from '@turnpike/plugin-sdk';
import type { Connection } from '../connection.js';
import { keepFor } from './keep-for.js';
import { ExactIndex } from './exact-index.js';
import type { KnownQuestion, QuestionIndex } from './index-of-questions.js';
import { fromBytes, toBytes } from './vectors.js';

/** Read at once. */
const PAGE = 500;

/** Scopes of which a worker remembers how far it has read. */
const MAX_SCOPES = 1_000;

type Entry = [id: Buffer, fields: Buffer[]];

export class StreamIndex implements QuestionIndex {
  private readonly known: ExactIndex;
  /** Id of the last entry that was read, by scope. */
  private readonly lastRead = new Map<string, string>();

  constructor(
    private readonly connection: Connection,
    private readonly prefix: string,
    private readonly maxQuestions: number,
  ) {
    this.known = new ExactIndex(maxQuestions);
  }

  async nearest(
    scope: string,
    direction: Float32Array,
    now: number,
    signal: AbortSignal,
  ): Promise<SimilarQuestion | undefined> {
    await this.readOn(scope, signal);
    return this.known.nearestNow(scope, direction, now);
  }

  async add(scope: string, { key, direction, endsAt }: KnownQuestion, now: number, signal: AbortSignal): Promise<void> {
    const name = this.prefix + scope;
    const fields = ['k', key, 'e', String(Math.ceil(endsAt)), 'v', toBytes(direction)];
    await this.connection.run((client) => client.xadd(name, 'MAXLEN', '~', this.maxQuestions, '*', ...fields), signal);
    await keepFor(this.connection, name, endsAt - now, signal);
  }

  async clear(): Promise<void> {
    this.lastRead.clear();
    await this.known.clear();
  }

  private async readOn(scope: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const last = this.lastRead.get(scope);
      const entries = (await this.connection.run(
        (client) => client.callBuffer('XRANGE', this.prefix + scope, last ? `(${last}` : '-', '+', 'COUNT', PAGE),
        signal,
      )) as Entry[];
      for (const entry of entries) await this.take(scope, entry);
      if (entries.length < PAGE) return;
    }
  }

  private async take(scope: string, [id, fields]: Entry): Promise<void> {
    this.lastRead.delete(scope);
    this.lastRead.set(scope, id.toString());
    if (this.lastRead.size > MAX_SCOPES) this.lastRead.delete(this.lastRead.keys().next().value!);
    const field = (name: string): Buffer | undefined => {
      const at = fields.findIndex((one, index) => index % 2 === 0 && one.toString() === name);
      return at < 0 ? undefined : fields[at + 1];
    };
    const direction = fromBytes(field('v') ?? Buffer.alloc(0));
    const endsAt = Number(field('e'));
    const key = field('k')?.toString();
    // Somebody else may write under our names.
    if (!direction || !key || !Number.isFinite(endsAt)) return;
    await this.known.add(scope, { key, direction, endsAt });
  }
}
