// What Redis tells of itself: the text of INFO and CLIENT LIST as fields, numbers as numbers.
import type { JsonObject, StoreInfo } from '@turnpike/plugin-sdk';
import type { Redis } from 'ioredis';
import type { Connection } from './connection.js';

/** `# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:5` */
export const fromInfo = (text: string): JsonObject => {
  const fields: JsonObject = {};
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(':');
    if (at > 0 && !line.startsWith('#')) fields[line.slice(0, at)] = valueOf(line.slice(at + 1));
  }
  return fields;
};

/** `id=3 addr=127.0.0.1:5 name=turnpike-cache`, a line a client. */
export const fromClientList = (text: string): JsonObject[] =>
  text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) =>
      Object.fromEntries(
        line.split(' ').flatMap((field) => {
          const at = field.indexOf('=');
          return at > 0 ? [[field.slice(0, at), valueOf(field.slice(at + 1))]] : [];
        }),
      ),
    );

const valueOf = (text: string): string | number => (/^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text);

/** Of a cluster by the address of each master. A user that may not list clients sees none. */
export const serverInfo = async (connection: Connection): Promise<StoreInfo> => {
  const masters = connection.masters();
  const told = await Promise.all(
    masters.map(async (master) => ({
      address: addressOf(master),
      info: fromInfo(await connection.run(() => master.info())),
      clients: fromClientList(await connection.run(async () => String(await master.client('LIST'))).catch(() => '')),
    })),
  );
  const info = told.length === 1 ? told[0]!.info : Object.fromEntries(told.map((one) => [one.address, one.info]));
  return { info, clients: told.flatMap(({ clients }) => clients) };
};

const addressOf = ({ options: { host, port } }: Redis): string => `${host}:${port}`;
