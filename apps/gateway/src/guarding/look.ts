// What a guardrail is told of the call that it looks at: read from the call when it is asked for.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import type { GuardrailContext, GuardrailMode } from '@turnpike/plugin-sdk';
import { isSecretName } from '@turnpike/telemetry';
import type { Exchange } from '../pipeline/exchange.js';
import { publicMetadata } from '../pipeline/public-metadata.js';
import { parametersFor, type ActiveGuardrail } from './selection.js';

const NOTHING: Readonly<JsonObject> = {};

export class Look implements GuardrailContext {
  constructor(
    private readonly exchange: Exchange,
    private readonly active: ActiveGuardrail,
    readonly mode: GuardrailMode,
    readonly signal: AbortSignal,
  ) {}

  get callId(): string {
    return this.exchange.callId;
  }

  get guardrail(): string {
    return this.active.settings.name;
  }

  get operation(): string {
    return this.exchange.front.operation;
  }

  get route(): string {
    return this.exchange.front.route;
  }

  get model(): string {
    return this.exchange.model ?? '';
  }

  get stream(): boolean {
    return this.exchange.isStream;
  }

  get keyHash(): string | undefined {
    return this.exchange.principal?.keyHash;
  }

  get keyAlias(): string | undefined {
    return this.exchange.principal?.keyAlias;
  }

  get teamId(): string | undefined {
    return this.exchange.principal?.teamId;
  }

  get teamAlias(): string | undefined {
    return this.exchange.principal?.teamAlias;
  }

  get userId(): string | undefined {
    return this.exchange.principal?.userId;
  }

  get organizationId(): string | undefined {
    return this.exchange.principal?.organizationId;
  }

  get endUser(): string | undefined {
    return this.exchange.customer;
  }

  get metadata(): Readonly<JsonObject> {
    const metadata = this.exchange.body?.['metadata'];
    return isJsonObject(metadata) ? publicMetadata(metadata) : NOTHING;
  }

  get parameters(): Readonly<JsonObject> {
    const { guardrails } = this.exchange;
    return guardrails ? parametersFor(guardrails, this.guardrail) : NOTHING;
  }

  get memory(): { kept?: unknown } {
    // What logs are told is told with other words, which the answer of the call must not get.
    return this.mode === 'logging_only' ? {} : this.exchange.memoryOf(this.active);
  }

  header(name: string): string | undefined {
    const value = isSecretName(name) ? undefined : this.exchange.headers[name];
    return typeof value === 'string' ? value : undefined;
  }
}
