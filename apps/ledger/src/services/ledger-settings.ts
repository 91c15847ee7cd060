// What the configuration says that the ledger needs; for injection.
import type { JsonObject } from '@turnpike/domain';
import type { KeySettings } from './key-settings.js';

/** Of `litellm_settings`, as written. */
export interface LedgerSettings extends KeySettings {
  /** The shared budget of customers who have no terms of their own. */
  max_end_user_budget_id?: string;
  /** Where that is not given: what such a customer may spend, in US dollars. */
  max_end_user_budget?: number;
  /** Where `/user/new` says nothing, in US dollars. */
  default_internal_user_params?: JsonObject;
}

/** Of the installation as a whole. */
export interface InstallationBudget {
  readonly maxBudgetUsd?: number | undefined;
  readonly budgetDuration?: string | undefined;
}

export const LEDGER_SETTINGS = Symbol('LedgerSettings');
export const INSTALLATION_BUDGET = Symbol('InstallationBudget');
/** SHA-256 hex of the master key. */
export const MASTER_KEY_HASH = Symbol('MasterKeyHash');
/** SHA-256 hex of what gateways prove themselves with. */
export const GATEWAY_TOKEN_HASH = Symbol('GatewayTokenHash');

/** `general_settings.api_env_names`: variables that stored values may name. */
export const API_ENV_NAMES = Symbol('ApiEnvNames');

/** `general_settings.key_rotation_grace_period`: how long an old secret goes on where nobody says. Empty: not at all. */
export const ROTATION_GRACE = Symbol('RotationGrace');

/** Epoch milliseconds. */
export type Now = () => number;
export const NOW = Symbol('Now');
