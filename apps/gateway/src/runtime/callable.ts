// A deployment together with the plugin instance that can call it.
import type { Deployment, JsonValue } from '@turnpike/domain';
import type { PluginInstance } from '@turnpike/kernel';
import type { Operation } from '@turnpike/plugin-sdk';
import type { OperationName } from '../routes/front.js';
import { completionsOverChat } from '../upstream/completions-over-chat.js';
import { FEATURE_HEADERS, joinFeatures } from '../upstream/feature-headers.js';

export type AnyOperation = Operation<unknown, unknown, unknown>;

export class Callable {
  readonly operations: Readonly<Partial<Record<OperationName, AnyOperation>>>;
  /** False once its upstream has refused them. */
  takesStreamOptions = true;
  private readonly allowed: ReadonlySet<string>;
  private mergedFrom: Readonly<Record<string, string>> | undefined;
  private merged: Record<string, string> = {};

  constructor(
    readonly deployment: Deployment,
    readonly provider: PluginInstance<'provider/v1'>,
    /** Its address came from a client, so it is checked before it is connected to. */
    readonly isGuarded = false,
  ) {
    const { chat, completions, embeddings } = provider.exports;
    this.allowed = new Set(deployment.allowedParams);
    this.operations = {
      chat: chat,
      completions: completions ?? (chat && completionsOverChat(chat)),
      embeddings: embeddings,
    };
  }

  /** Parameters that pass although the upstream is thought to lack them: the deployment's and the request's. */
  allowedWith(asked: JsonValue | undefined): ReadonlySet<string> {
    if (!Array.isArray(asked) || asked.length === 0) return this.allowed;
    return new Set([...this.allowed, ...asked.filter((name) => typeof name === 'string')]);
  }

  /** The endpoint's headers with ours and the deployment's. Plugins return the same object each time, so once is enough. */
  headersWith(endpointHeaders: Readonly<Record<string, string>>): Record<string, string> {
    if (this.mergedFrom !== endpointHeaders) {
      this.mergedFrom = endpointHeaders;
      this.merged = { 'content-type': 'application/json', ...endpointHeaders };
      for (const [name, value] of Object.entries(this.deployment.headers)) this.put(name.toLowerCase(), value);
    }
    return this.merged;
  }

  private put(name: string, value: string): void {
    this.merged[name] = FEATURE_HEADERS.includes(name) ? (joinFeatures(this.merged[name], value) ?? value) : value;
  }
}
