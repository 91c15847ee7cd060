// A gateway with a ledger on a real PostgreSQL, a provider that remembers whom it served, and clients that pay.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { childrenOf, type Gateway } from '../e2e/harness.js';

/** What every answer uses, and costs: whole nano-dollars, so that sums are exact. */
export const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
export const PRICES = { input_cost_per_token: 0.000_001, output_cost_per_token: 0.000_002 };
export const COST_NANO = 20_000;

/** Answers like OpenAI, always the same; the content of the message is the call's own name. */
export class Provider {
  readonly served = new Set<string>();
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Provider> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const { messages, model } = JSON.parse(Buffer.concat(pieces).toString()) as {
          messages: { content: string }[];
          model: string;
        };
        provider.served.add(messages[0]!.content);
        response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            id: 'chatcmpl-1',
            object: 'chat.completion',
            created: 1,
            model,
            choices: [{ index: 0, message: { role: 'assistant', content: 'Paid.' }, finish_reason: 'stop' }],
            usage: USAGE,
          }),
        );
      });
    });
    const provider = new Provider(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export interface Paid {
  /** Its answer came whole. */
  answered: Set<string>;
  /** Status, or how the connection ended, of the others. */
  others: Map<string, string>;
  /** When each was under way: `performance.now()` from, to. */
  times: Map<string, [from: number, to: number]>;
}

/** Sends calls with so many clients until there were enough. */
export const pay = async (gateway: Gateway, key: string, count: number, clients: number): Promise<Paid> => {
  const paid: Paid = { answered: new Set(), others: new Map(), times: new Map() };
  let next = 0;
  const client = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const name = `call-${at}`;
      const from = performance.now();
      try {
        const response = await fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${key}`,
            'x-litellm-call-id': name,
          },
          body: JSON.stringify({ model: 'paid', messages: [{ role: 'user', content: name }] }),
          signal: AbortSignal.timeout(20_000),
        });
        const text = await response.text();
        if (response.status === 200 && text.endsWith('}')) paid.answered.add(name);
        else paid.others.set(name, `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1]}`);
      } catch (error) {
        paid.others.set(name, String((error as { cause?: NodeJS.ErrnoException }).cause?.code ?? error));
        // Somebody was killed just now: a client that hammers a closed door pays for nothing.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      paid.times.set(name, [from, performance.now()]);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return paid;
};

/** The processes of `turnpike --num_workers N`: the command's two children, and the gateway's own. */
export const processesOf = ({ pid }: Gateway): { ledger: number; primary: number; workers: number[] } => {
  const children = childrenOf(pid);
  const [primary] = children.filter((child) => childrenOf(child).length > 0);
  if (primary === undefined) throw new Error('There is no gateway with workers.');
  const [ledger = 0] = children.filter((child) => child !== primary);
  return { ledger, primary, workers: childrenOf(primary) };
};
