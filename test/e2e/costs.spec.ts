// What calls cost, and who is told: headers, streams, the spend log. On a real PostgreSQL, by two workers.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { PostgresServer } from '../services/postgres.js';
import { chat, chunksOf, okJson, send, type Json } from './client.js';
import { eventually, startGateway, type Gateway, type StartOptions } from './harness.js';
import { deployment, everyModelOf } from './upstreams.js';

jest.setTimeout(120_000);

/** A dollar for each thousand tokens, whatever they are. */
const PRICES = { input_cost_per_token: 0.001, output_cost_per_token: 0.001 };

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await PostgresServer.start();
});
afterAll(() => postgres.remove());

interface World {
  gateway: Gateway;
  rows: (sql: string, ...values: unknown[]) => Promise<Json[]>;
}

const withLedger = async (options: Pick<StartOptions, 'config' | 'args'>, check: (world: World) => Promise<void>) => {
  const url = await postgres.createDatabase();
  const env = { DATABASE_URL: url, TURNPIKE_GRPC_ADDRESS: 'off' };
  const gateway = await startGateway({ hasLedger: true, env, ...options });
  const database = new Client({ connectionString: url });
  try {
    await database.connect();
    await eventually(
      () => send(gateway, '/key/list').then(({ status }) => status),
      (status) => status === 200,
      30_000,
    );
    await check({ gateway, rows: async (sql, ...values) => (await database.query(sql, values)).rows });
  } finally {
    await gateway.kill();
    await database.end();
  }
};

const models = [deployment('paid', 'openai/gpt-4o', PRICES), ...everyModelOf('openai', 'anthropic')];

/** The row of a call, once it is there. */
const rowOf = async ({ rows }: World, response: Response): Promise<Json> => {
  const id = response.headers.get('x-litellm-call-id');
  const found = await eventually(
    () => rows('SELECT * FROM turnpike.spend_logs WHERE call_id = $1', id),
    ({ length }) => length === 1,
  );
  return found[0];
};

describe('with discounts, margins and prompts in the log', () => {
  it('each answer says what it cost and how that came about; the log has what was asked and answered', () =>
    withLedger(
      {
        config: {
          model_list: models,
          general_settings: { store_prompts_in_spend_logs: true },
          litellm_settings: {
            include_cost_in_streaming_usage: true,
            cost_discount_config: { openai: 0.5 },
            cost_margin_config: { global: { percentage: 0.1, fixed_amount: 0.25 } },
          },
        },
        args: ['--num_workers', '2'],
      },
      async (world) => {
        const { gateway } = world;
        const { key } = await okJson(send(gateway, '/key/generate', { body: { rpm_limit: 100, max_budget: 50 } }));
        const metadata = { spend_logs_metadata: { project: 'x' } };
        const headers = { 'x-litellm-spend-logs-metadata': '{"cost_center":7}' };
        const response = await chat(gateway, { model: 'paid', metadata }, { key, headers });
        const { usage, choices } = (await response.json()) as Json;
        const original = usage.total_tokens / 1_000;
        const cost = original * 0.5 * 1.1 + 0.25;
        const told = (name: string): number => Number(response.headers.get(`x-litellm-${name}`));
        expect(told('response-cost')).toBeCloseTo(cost, 8);
        expect(told('response-cost-original')).toBeCloseTo(original, 8);
        expect(told('response-cost-discount-amount')).toBeCloseTo(original / 2, 8);
        expect(told('response-cost-margin-amount')).toBeCloseTo(original * 0.05 + 0.25, 8);
        expect([told('response-cost-margin-percent'), told('key-rpm-limit'), told('key-max-budget')]).toEqual([
          0.1, 100, 50,
        ]);

        const row = await rowOf(world, response);
        expect(Number(row.cost_nano) / 1e9).toBeCloseTo(cost, 8);
        expect(row.ip).toBe('127.0.0.1');
        expect(row.detail).toMatchObject({
          metadata: { project: 'x', cost_center: 7 },
          request: [{ role: 'user', content: 'Hello' }],
          response: { choices: [{ message: { content: choices[0].message.content } }] },
        });

        for (const model of ['paid', 'anthropic/claude-sonnet-4-5']) {
          const stream = { model, stream: true, stream_options: { include_usage: true } };
          const answer = await chat(gateway, stream, { key });
          const callId = answer.headers.get('x-litellm-call-id');
          const last = (await chunksOf(Promise.resolve(answer))).at(-1);
          expect(last.usage.cost).toBeGreaterThan(0.25);
          const [streamed] = await eventually(
            () => world.rows('SELECT cost_nano, detail FROM turnpike.spend_logs WHERE call_id = $1', callId),
            ({ length }) => length === 1,
          );
          expect(Number(streamed.cost_nano) / 1e9).toBeCloseTo(last.usage.cost, 8);
          expect(streamed.detail.response.choices[0].message.content).toMatch(/Hello/);
        }
        const plain = await chunksOf(chat(gateway, { model: 'paid', stream: true }, { key }));
        expect(plain.some(({ usage: some }) => some)).toBe(false);
      },
    ));
});

it('without them a cost is the price, streams say nothing of it, and the log has no prompt', () =>
  withLedger({ config: { model_list: models } }, async (world) => {
    const { gateway } = world;
    const response = await chat(gateway, { model: 'paid' });
    const { usage } = (await response.json()) as Json;
    expect(Number(response.headers.get('x-litellm-response-cost'))).toBeCloseTo(usage.total_tokens / 1_000, 8);
    expect(response.headers.get('x-litellm-response-cost-original')).toBeNull();
    expect((await rowOf(world, response)).detail).not.toHaveProperty('request');
    const stream = { model: 'paid', stream: true, stream_options: { include_usage: true } };
    expect((await chunksOf(chat(gateway, stream))).at(-1).usage).not.toHaveProperty('cost');
  }));

it('a model without a price is counted, and told of once', () =>
  withLedger({ config: { model_list: models } }, async ({ gateway }) => {
    for (let at = 0; at < 3; at += 1) await (await chat(gateway, { model: 'openai/nobody-knows-me' })).text();
    await gateway.waitForOutput(/the price of a model is not known/);
    const response = await chat(gateway, { model: 'openai/nobody-knows-me' });
    await response.text();
    expect(response.headers.get('x-litellm-response-cost')).toBeNull();
    expect(gateway.output().match(/the price of a model is not known/g)).toHaveLength(1);
    const metrics = await (await send(gateway, '/metrics')).text();
    expect(metrics).toMatch(/^turnpike_unpriced_calls_total\{.*nobody-knows-me.*\} 4$/m);
  }));

it('disable_spend_logs keeps who called and for what out of the log; what was spent is known all the same', () =>
  withLedger({ config: { model_list: models, general_settings: { disable_spend_logs: true } } }, async (world) => {
    const { gateway, rows } = world;
    const { key, token } = await okJson(send(gateway, '/key/generate', { body: {} }));
    const response = await chat(gateway, { model: 'paid', user: 'ada' }, { key });
    await response.text();
    await eventually(
      () => rows('SELECT spent_nano FROM turnpike.balances WHERE account = $1 AND spent_nano > 0', `key:${token}`),
      ({ length }) => length === 1,
    );
    const [row] = await rows('SELECT key_hash, customer_id, call_id, model, ip, detail FROM turnpike.spend_logs');
    expect(row).toEqual({
      key_hash: null,
      customer_id: null,
      call_id: null,
      model: null,
      ip: null,
      detail: { attempts: [] },
    });
  }));
