/** Reads `litellm_config.yaml` in every dialect that people use into one frozen structure. */
export { importBlueprint, type BlueprintOptions } from './blueprint.js';
export * from './canonical.js';
export { parseDurationMs } from './duration.js';
export type { Flags } from './flags.js';
export type { KnownModel } from './implicit.js';
export type { LoadOptions } from './config-source.js';
export {
  loadConfig,
  loadPluginSources,
  NOTHING_STORED,
  openConfig,
  type LoadedConfig,
  type OpenedConfig,
  type StoredConfiguration,
} from './load.js';
export { ledgerSocketIn } from './ledger-socket.js';
export { isNearLedger, readLedgerTls, type LedgerCertificates } from './ledger-tls.js';
export { maskConfig, maskTree } from './mask.js';
export { withChanges } from './masked-changes.js';
export { masterKeyOf, type MasterKey } from './master-key.js';
export { namedCallback } from './callbacks.js';
export { readStoredCallback, type StoredCallback, type StoredCallbackOptions } from './stored-callbacks.js';
export { isConnectionKey } from './deployment-keys.js';
export { SETTING_KEYS, type SettingKey } from './setting-keys.js';
export type { StoredModel } from './stored-models.js';
export {
  checkStoredSection,
  checkStoredSetting,
  isStorableSetting,
  referencedVariables,
  STORED_SECTIONS,
  type StoredSettings,
} from './stored-settings.js';
export { isSecretName, looksSecret, maskSecret, maskUrl } from './secrets.js';
export { describeOff, formatWarnings, type WarningOptions } from './warnings.js';
