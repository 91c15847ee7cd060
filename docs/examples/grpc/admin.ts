// An admin client of the ledger, whole: `node admin.ts make ci 5`. Node 22.18 or newer runs TypeScript as it is.
import type { ServiceError } from '@grpc/grpc-js';
import { call, client, describe } from './connect.ts';

const NANO_PER_USD = 1e9;

interface Key {
  token: string;
  key_name: string;
  key_alias: string;
  spend_nano_usd: number;
  /** What is not set is not there. */
  budget: { max_nano_usd?: number; duration?: string } | null;
  blocked: boolean;
}

const usd = (nano = 0): string => (nano / NANO_PER_USD).toString();
const nano = (text: string): number => Math.round(Number(text) * NANO_PER_USD);

const commands: Record<string, (...words: string[]) => Promise<void>> = {
  /** The secret is in this answer, and never again anywhere. */
  make: async (alias = '', max = '') => {
    const key = { key_alias: alias, models: [], budget: { max_nano_usd: nano(max), duration: '30d' } };
    const made = await call<{ secret: string; key: Key }>('KeyService', 'GenerateKey', { key });
    console.log(made.secret, made.key.token);
  },

  /** The mask says what of `changes` is meant; what it names and `changes` lacks is cleared. */
  budget: async (key = '', max = '') => {
    const changed = await call<{ key: Key }>('KeyService', 'UpdateKey', {
      key,
      changes: { budget: { max_nano_usd: nano(max) } },
      update_mask: { paths: ['budget.max_nano_usd'] },
    });
    console.log(usd(changed.key.budget?.max_nano_usd), changed.key.budget?.duration);
  },

  spend: async (name = '') => {
    const { key } = await call<{ key: Key }>('KeyService', 'GetKey', { key: name });
    console.log(`${usd(key.spend_nano_usd)} of ${usd(key.budget?.max_nano_usd)} USD`);
  },

  block: async (name = '') => {
    const { key } = await call<{ key: Key }>('KeyService', 'BlockKey', { key: name, blocked: true });
    console.log(key.blocked ? 'blocked' : 'let in');
  },

  /** Page by page, until there are no more. */
  list: async () => {
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const request = { page: { page, size: 2, sort_by: 'key_alias' } };
      const answer = await call<{ keys: Key[]; page: { total_pages: number } }>('KeyService', 'ListKeys', request);
      pages = answer.page.total_pages;
      for (const { key_alias: alias, key_name: name, blocked } of answer.keys)
        console.log(alias, name, blocked ? 'blocked' : '');
    }
  },
};

const [name = '', ...words] = process.argv.slice(2);
try {
  await commands[name]?.(...words);
  if (!commands[name])
    console.log('node admin.ts make <alias> <usd> | budget <key> <usd> | spend <key> | block <key> | list');
} catch (error) {
  console.error(describe(error as ServiceError));
  process.exitCode = 1;
} finally {
  client.close();
}
