// Calls whose client brings its own address or key, where the operator allows that.
import type { JsonObject } from '@turnpike/domain';
import { GatewayError, isGatewayError } from '@turnpike/errors';
import { CONNECTION_PARAMETERS } from '../upstream/client-parameters.js';
import { canonicalJson } from './canonical-json.js';
import { Callable } from './callable.js';

/** Distinct connections that clients brought; the oldest goes first. */
const MAX_REMEMBERED = 200;

/** Other spellings of a connection's settings. */
const SPELLINGS: Readonly<Record<string, string>> = { base_url: 'api_base' };

export class ClientConnections {
  private readonly made = new Map<string, Callable>();

  /**
   * @param allowsAll `allow_client_side_credentials`; else each deployment says what its clients may set
   * @param allowed what any of them allows
   */
  constructor(
    private readonly allowsAll: boolean,
    private readonly allowed: ReadonlySet<string>,
  ) {}

  /**
   * The callable for this body: the deployment's own, unless the client brings something it may bring.
   * @throws GW_FORBIDDEN_PARAMETER for what this deployment does not allow, GW_INVALID_REQUEST
   */
  callableFor(own: Callable, body: Readonly<JsonObject>): Callable {
    // What nobody may bring was refused when the body was read.
    if (!this.allowsAll && this.allowed.size === 0) return own;
    const brought = this.broughtBy(own, body);
    if (!brought) return own;
    const key = `${own.deployment.id} ${canonicalJson(brought)}`;
    const known = this.made.get(key);
    if (known) return known;
    const callable = this.make(own, brought, key);
    if (this.made.size >= MAX_REMEMBERED) this.made.delete(this.made.keys().next().value!);
    this.made.set(key, callable);
    return callable;
  }

  private broughtBy({ deployment }: Callable, body: Readonly<JsonObject>): JsonObject | undefined {
    let brought: JsonObject | undefined;
    for (const name of CONNECTION_PARAMETERS) {
      const value = body[name] ?? undefined;
      if (value === undefined) continue;
      const setting = SPELLINGS[name] ?? name;
      if (!this.allowsAll && !deployment.clientParams.includes(name) && !deployment.clientParams.includes(setting)) {
        throw new GatewayError('GW_FORBIDDEN_PARAMETER', `Clients may not set '${name}' for this model.`, {
          param: name,
        });
      }
      (brought ??= {})[setting] = value;
    }
    return brought;
  }

  private make(own: Callable, brought: JsonObject, key: string): Callable {
    const settings: JsonObject = { ...own.deployment.connection, ...brought };
    const isElsewhere = brought['api_base'] !== undefined;
    // Our key is for our address: whoever chooses another brings its own.
    if (isElsewhere) for (const name of Object.keys(settings)) if (!(name in brought)) delete settings[name];
    try {
      const isGuarded = isElsewhere || own.isGuarded;
      const provider = own.provider.derive({ key, settings, isGuarded });
      return new Callable(isElsewhere ? { ...own.deployment, headers: {} } : own.deployment, provider, isGuarded);
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      throw new GatewayError('GW_INVALID_REQUEST', error.message, { cause: error });
    }
  }
}
