// Gateways whose clocks are minutes wrong, beside a ledger whose clock is right: keys end, and calls fall into days, by the
// ledger's.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { COST_NANO, PRICES, Provider } from '../chaos/world.js';
import { freePort } from '../services/redis-server.js';
import { okJson, send, type Json } from './client.js';
import { eventually, MASTER_KEY, newFolder, startCommand, startGateway, type Gateway } from './harness.js';

jest.setTimeout(120_000);

/** Sets the clock of a process before anything else runs in it. */
const SHIFT = `
const shift = Number(process.env.CLOCK_SHIFT_MS);
const { now } = Date;
Date.now = () => now() + shift;
globalThis.Date = class extends Date {
  constructor(...parts) { super(...(parts.length === 0 ? [now() + shift] : parts)); }
};
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + shift });
`;
const folder = newFolder({ 'shift.cjs': SHIFT });
const address = `127.0.0.1:${await freePort()}`;
const SHARED = { LITELLM_MASTER_KEY: MASTER_KEY, TURNPIKE_GATEWAY_TOKEN: 'token-of-the-spec' };

let provider: Provider;
beforeAll(async () => {
  provider = await Provider.start();
  startCommand({ env: SHARED, args: ['ledger', '--grpc-address', address] });
});
afterAll(() => provider.stop());

describe.each([-20, 20])('a gateway whose clock is %d minutes wrong', (minutes) => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({
      config: {
        model_list: [
          {
            model_name: 'paid',
            litellm_params: { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream', ...PRICES },
          },
        ],
      },
      env: {
        ...SHARED,
        LEDGER_ADDRESS: address,
        NODE_OPTIONS: `--require ${join(folder, 'shift.cjs')}`,
        CLOCK_SHIFT_MS: String(minutes * 60_000),
      },
    });
    await eventually(
      () => send(gateway, '/key/list').then(({ status }) => status),
      (status) => status === 200,
      60_000,
    );
  });
  afterAll(() => gateway.kill());

  const makeKey = (body: object): Promise<Json> => okJson(send(gateway, '/key/generate', { body }));
  const call = (key: string): Promise<Response> =>
    send(gateway, '/v1/chat/completions', { key, body: { model: 'paid', messages: [{ role: 'user', content: 'x' }] } });

  it('lets a key in for as long as the ledger says', async () => {
    const { key, expires } = await makeKey({ duration: '4s' });
    expect((await call(key)).status).toBe(200);
    await eventually(
      async () => {
        const { status } = await call(key);
        return { status, isOver: Date.now() >= Date.parse(expires) };
      },
      ({ status }) => status !== 200,
    ).then(({ status, isOver }) => expect([status, isOver]).toEqual([401, true]));
  });

  it('charges a call when it was made', async () => {
    const { key, token } = await makeKey({ max_budget: 1, budget_duration: '1d' });
    const before = Date.now();
    expect((await call(key)).status).toBe(200);
    const rows = await eventually(
      () => okJson(send(gateway, `/spend/logs?api_key=${token}`)),
      ({ length }: Json) => length === 1,
    );
    for (const time of [rows[0].startTime, rows[0].endTime]) {
      expect(Date.parse(time)).toBeGreaterThan(before - 2_000);
      expect(Date.parse(time)).toBeLessThan(Date.now() + 2_000);
    }
    const { info } = await okJson(send(gateway, `/key/info?key=${token}`));
    expect(Math.round(info.spend * 1e9)).toBe(COST_NANO);
  });
});
