// What is configured by API: from the ledger's messages to what joins the configuration of the files.
import type { StoredConfiguration } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { Change_Kind, type Change, type LoadConfigurationResponse } from '@turnpike/rpc';

export interface Stored extends StoredConfiguration {
  /** What does not decrypt: "model <id>", "credential <name>", "setting <section>". */
  readonly undecryptable: readonly string[];
}

export const toStored = ({ models, credentials, settings, undecryptable }: LoadConfigurationResponse): Stored => ({
  models: models.map(({ modelId, modelName, litellmParams, modelInfo, teamId, teamPublicModelName }) => ({
    id: modelId,
    modelName,
    params: objectOf(litellmParams),
    info: objectOf(modelInfo),
    teamId,
    teamPublicModelName,
  })),
  credentials: new Map(
    credentials.map(({ credentialName, credentialValues }) => [credentialName, objectOf(credentialValues)]),
  ),
  settings: Object.fromEntries(settings.map(({ paramName, value }) => [paramName, objectOf(value)])),
  undecryptable,
});

const objectOf = (value: Record<string, unknown> | undefined): JsonObject => (value ?? {}) as JsonObject;

/** Those of which nothing is in here. */
const OTHERS: ReadonlySet<Change_Kind> = new Set([
  Change_Kind.KEY,
  Change_Kind.TEAM,
  Change_Kind.USER,
  Change_Kind.ORGANIZATION,
  Change_Kind.CUSTOMER,
  Change_Kind.BUDGET,
  Change_Kind.TAG,
  Change_Kind.ACCOUNT,
]);

/** A kind that is not known yet may mean anything. */
export const concernsConfiguration = (changes: readonly Change[]): boolean =>
  changes.some(({ kind }) => !OTHERS.has(kind));
