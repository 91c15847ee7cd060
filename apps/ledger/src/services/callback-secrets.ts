// What keys and teams open their callbacks with, `callback_vars` in their metadata: sealed at rest, told masked, and in
// clear for gateways alone.
import { Injectable } from '@nestjs/common';
import { maskTree, withChanges } from '@turnpike/config';
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { invalidRequest, isGatewayError } from '@turnpike/errors';
import { SealedDocuments } from './sealed-documents.js';

/** Of every row alike: a key's hash changes with its secret, and its metadata stays what it is. */
const PLACE = 'metadata/callback_vars';

interface Spot {
  /** Of the callback; empty where several share the variables. */
  readonly name: string;
  readonly index: number;
  /** As errors name it: `metadata.logging[0].callback_vars`. */
  readonly param: string;
}

/** Undefined: the callback is left out. */
type Change = (variables: JsonValue, spot: Spot) => JsonValue | undefined;

@Injectable()
export class CallbackSecrets {
  constructor(private readonly documents: SealedDocuments) {}

  /**
   * As it is kept.
   * @param wished in clear, or as it was shown or kept: a mask stands for what is kept
   * @throws GW_INVALID_REQUEST for the mask of anything else
   */
  sealed(wished: JsonObject, kept: JsonObject): JsonObject {
    return mapVariables(wished, (variables, spot) => {
      if (isJsonObject(variables)) return this.seal(this.restored(variables, kept, spot));
      if (typeof variables === 'string' && !variablesIn(kept).some(({ variables: known }) => known === variables))
        throw invalidRequest(`${spot.param} must be an object.`, spot.param);
      return variables;
    });
  }

  /** For whoever may see the row. */
  shown(kept: JsonObject): JsonObject {
    return mapVariables(kept, (variables) => {
      const opened = this.open(variables);
      return isJsonObject(opened) ? maskTree(opened) : (opened ?? {});
    });
  }

  /** For gateways. A callback whose variables do not open is left out: without them it would tell somebody else. */
  opened(kept: JsonObject): JsonObject {
    return mapVariables(kept, (variables) => this.open(variables));
  }

  private seal(variables: JsonObject): JsonValue {
    return Object.keys(variables).length === 0 ? {} : this.documents.seal(variables, PLACE);
  }

  private open(variables: JsonValue): JsonValue | undefined {
    return typeof variables === 'string' ? this.documents.tryOpen(variables, PLACE) : variables;
  }

  /** Callbacks may have been put in another order: a mask is of one of the same name. */
  private restored(variables: JsonObject, kept: JsonObject, { name, index, param }: Spot): JsonObject {
    const known = variablesIn(kept)
      .filter((one) => one.spot.name === name)
      .toSorted((one, other) => Number(other.spot.index === index) - Number(one.spot.index === index))
      .map((one) => this.open(one.variables))
      .filter(isJsonObject);
    let refusal: unknown;
    for (const current of [...known, {}]) {
      try {
        const whole = withChanges(current, variables, param, true);
        assertStaysHome(variables, whole, current, param);
        return whole;
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }
}

/** Where secrets are sent to. */
const ADDRESS = /host|url|endpoint|base/i;

/** Whoever sees a secret masked only could otherwise have it sent to themselves. @throws GW_INVALID_REQUEST */
const assertStaysHome = (asked: JsonObject, whole: JsonObject, current: JsonObject, param: string): void => {
  const restored = Object.keys(whole).find((name) => whole[name] !== asked[name] && typeof asked[name] === 'string');
  const moved = Object.keys({ ...current, ...whole }).find(
    (name) => ADDRESS.test(name) && whole[name] !== current[name],
  );
  if (restored === undefined || moved === undefined) return;
  throw invalidRequest(`${param}.${moved} is another address: send ${restored} whole, and not masked.`, param);
};

/** For the audit log, which has no use for ciphers. */
export const withoutVariables = (metadata: JsonObject): JsonObject =>
  mapVariables(metadata, (variables) => (typeof variables === 'string' ? '…' : variables));

const mapVariables = (metadata: JsonObject, change: Change): JsonObject => {
  const { logging, callback_settings: settings } = metadata;
  if (logging === undefined && settings === undefined) return metadata;
  const changed: JsonObject = { ...metadata };
  if (Array.isArray(logging))
    changed['logging'] = logging.flatMap((entry, index) => {
      const done = withVariables(entry, loggingSpot(entry, index), change);
      return done === undefined ? [] : [done];
    });
  const done = settings === undefined ? undefined : withVariables(settings, SETTINGS_SPOT, change);
  if (done === undefined) delete changed['callback_settings'];
  else changed['callback_settings'] = done;
  return changed;
};

const withVariables = (entry: JsonValue, spot: Spot, change: Change): JsonValue | undefined => {
  if (!isJsonObject(entry) || entry['callback_vars'] === undefined) return entry;
  const variables = change(entry['callback_vars'], spot);
  return variables === undefined ? undefined : { ...entry, callback_vars: variables };
};

const variablesIn = (metadata: JsonObject): { spot: Spot; variables: JsonValue }[] => {
  const found: { spot: Spot; variables: JsonValue }[] = [];
  mapVariables(metadata, (variables, spot) => {
    found.push({ spot, variables });
    return variables;
  });
  return found;
};

const loggingSpot = (entry: JsonValue, index: number): Spot => {
  const name = isJsonObject(entry) ? entry['callback_name'] : undefined;
  return { name: typeof name === 'string' ? name : '', index, param: `metadata.logging[${index}].callback_vars` };
};

const SETTINGS_SPOT: Spot = { name: '', index: -1, param: 'metadata.callback_settings.callback_vars' };
