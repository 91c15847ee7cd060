// Questions in a vector set of Redis 8 for each scope: Redis itself finds the nearest.
// docs: https://redis.io/docs/latest/commands/vadd/ and vsim/; replies as Redis 8.2.3 gives them.
import type { SimilarQuestion } from '@turnpike/plugin-sdk';
import type { Connection } from '../connection.js';
import type { KnownQuestion, QuestionIndex } from './index-of-questions.js';
import { keepFor } from './keep-for.js';
import { toBytes } from './vectors.js';

export class VectorSetIndex implements QuestionIndex {
  constructor(
    private readonly connection: Connection,
    private readonly prefix: string,
    private readonly maxQuestions: number,
  ) {}

  /** `["<key>", "0.996"]`: Redis tells the cosine as 0 … 1. */
  async nearest(
    scope: string,
    direction: Float32Array,
    now: number,
    signal: AbortSignal,
  ): Promise<SimilarQuestion | undefined> {
    const order = ['WITHSCORES', 'COUNT', 1, 'FILTER', `.endsAt > ${Math.floor(now)}`];
    const reply = await this.connection.run(
      (client) => client.call('VSIM', this.prefix + scope, 'FP32', toBytes(direction), ...order),
      signal,
    );
    const [key, score] = Array.isArray(reply) ? reply.map(String) : [];
    return key === undefined ? undefined : { key, similarity: Number(score) * 2 - 1 };
  }

  async add(scope: string, { key, direction, endsAt }: KnownQuestion, now: number, signal: AbortSignal): Promise<void> {
    const name = this.prefix + scope;
    const attributes = JSON.stringify({ endsAt: Math.ceil(endsAt) });
    await this.connection.run(
      (client) => client.call('VADD', name, 'FP32', toBytes(direction), key, 'SETATTR', attributes),
      signal,
    );
    await keepFor(this.connection, name, endsAt - now, signal);
    const size = Number(await this.connection.run((client) => client.call('VCARD', name), signal));
    if (size <= this.maxQuestions) return;
    const random = await this.connection.run((client) => client.call('VRANDMEMBER', name), signal);
    await this.connection.run((client) => client.call('VREM', name, String(random)), signal);
  }

  clear(): Promise<void> {
    return Promise.resolve();
  }
}

/** Whether this server has vector sets. */
export const hasVectorSets = async (connection: Connection, signal: AbortSignal): Promise<boolean> => {
  const known = await connection.run((client) => client.call('COMMAND', 'INFO', 'VADD'), signal);
  return Array.isArray(known) && Array.isArray(known[0]);
};
