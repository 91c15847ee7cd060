// What an answer is kept under: the same effective request of the same tenant gives the same key.
import type { CacheSettings } from '@turnpike/config';
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { hash } from 'node:crypto';
import type { Exchange, Principal } from '../pipeline/exchange.js';
import { GATEWAY_PARAMETERS, INTERNAL_PARAMETERS } from '../upstream/client-parameters.js';
import { FEATURE_HEADERS } from '../upstream/feature-headers.js';
import { canonicalJson, canonicalObject } from '../runtime/canonical-json.js';

/** Said to the gateway, and yet they change what the provider is asked. */
const CHANGES_THE_CALL: ReadonlySet<string> = new Set([
  'additional_drop_params',
  'extra_body',
  'extra_headers',
  'prompt_id',
  'prompt_label',
  'prompt_variables',
  'prompt_version',
]);

/** Make no difference to the answer. The model stands in the key by the name that is meant. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['metadata', 'model', 'stream', 'stream_options', 'user']);

const LEFT_OUT: ReadonlySet<string> = new Set(
  [...WITHOUT_EFFECT, ...GATEWAY_PARAMETERS, ...INTERNAL_PARAMETERS].filter((name) => !CHANGES_THE_CALL.has(name)),
);

/** What is null is not there. */
const counts = (name: string, value: JsonValue | undefined): boolean => value !== null && !LEFT_OUT.has(name);

/** The fields that make a request another one. */
export const effectiveFields = (body: Readonly<JsonObject>): JsonObject => {
  // Without a prototype: a field that a client calls `__proto__` is a field like any other.
  const fields = Object.create(null) as JsonObject;
  for (const name in body) if (counts(name, body[name])) fields[name] = body[name];
  return fields;
};

/** A team's keys together, any other key alone. */
export const tenantOf = (principal: Principal | undefined): string => {
  if (!principal) return '';
  return principal.teamId === '' ? `key:${principal.keyHash}` : `team:${principal.teamId}`;
};

export class CacheKeys {
  private readonly prefix: string;

  constructor(private readonly settings: Pick<CacheSettings, 'shared' | 'namespace'>) {
    this.prefix = settings.namespace === undefined ? '' : `${settings.namespace}:`;
  }

  keyOf(exchange: Exchange, namespace: string | undefined): string {
    return this.named(this.sceneOf(exchange, namespace), canonicalObject(exchange.body ?? {}, counts));
  }

  /** Of what is asked about in one way, which is told once: all but the thing itself. */
  keysOf(exchange: Exchange, namespace: string | undefined, field: string, things: readonly JsonValue[]): string[] {
    const fields = effectiveFields(exchange.body ?? {});
    delete fields[field];
    const scene = `${this.sceneOf(exchange, namespace)}${canonicalJson(fields)}\n`;
    return things.map((thing) => this.named(scene, canonicalJson(thing)));
  }

  /** Of answers that are candidates for each other where these fields are all that may differ. */
  scopeOf(exchange: Exchange, namespace: string | undefined, fields: JsonObject): string {
    return hash('sha256', this.sceneOf(exchange, namespace) + canonicalJson(fields));
  }

  /** Who asks whom for what kind of thing. */
  private sceneOf(exchange: Exchange, namespace: string | undefined): string {
    const { front, model, principal, headers, guardrails } = exchange;
    const tenant = this.settings.shared ? '' : tenantOf(principal);
    const scene: unknown[] = [tenant, front.operation, front.dialect, model, namespace];
    for (const name of FEATURE_HEADERS) scene.push(headers[name]);
    // What they made of the request and the answer is no answer to whoever calls without them.
    if (guardrails && guardrails.names.length > 0) scene.push(guardrails.names, [...(guardrails.asked ?? [])]);
    return `${JSON.stringify(scene)}\n`;
  }

  private named(scene: string, thing: string): string {
    return this.prefix + hash('sha256', scene + thing);
  }
}
