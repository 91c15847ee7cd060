// Whom requests name beside their key, and what they must say.
import { isJsonObject, type JsonValue } from '@turnpike/domain';
import type { CallerSettings } from './canonical.js';
import type { SettingsSource } from './gateway-settings.js';
import { readValue } from './value-types.js';

export const readCallers = (source: SettingsSource): CallerSettings => {
  const { settings } = source;
  const mapped = readMappings(source);
  const named = settings.get('user_header_name');
  const { customer, internal_user: internal } = mapped;
  return {
    customerHeaders: customer.length > 0 ? customer : named ? [named.toLowerCase()] : [],
    internalUserHeaders: internal,
    tagHeaders: (settings.get('extra_spend_tag_headers') ?? []).map((name) => name.toLowerCase()),
    isCustomerCostIgnored: settings.get('disable_end_user_cost_tracking') ?? false,
    requiresUser: settings.get('enforce_user_param') ?? false,
    refusesClientTags: settings.get('reject_clientside_metadata_tags') ?? false,
    enforcedParams: settings.get('enforced_params') ?? [],
    serviceAccountParams: readServiceAccounts(source),
  };
};

/** `{ enforced_params: [metadata.name] }` */
const readServiceAccounts = ({ settings, diagnostics }: SettingsSource): readonly string[] => {
  const { enforced_params: given = [], ...unknown } = settings.get('service_account_settings') ?? {};
  const params = readValue('texts', given);
  const where = settings.where('service_account_settings');
  if (params === undefined)
    diagnostics.fail('service_account_settings: enforced_params must be a list of texts.', where);
  for (const key of Object.keys(unknown))
    diagnostics.warn('unknown-key', `service_account_settings: ${key} has no effect.`, where);
  return params ?? [];
};

type Mapped = Record<'customer' | 'internal_user', string[]>;

/** `[{ header_name: X-User, litellm_user_role: customer }]` */
const readMappings = ({ settings, diagnostics }: SettingsSource): Mapped => {
  const mapped: Mapped = { customer: [], internal_user: [] };
  for (const entry of settings.get('user_header_mappings') ?? []) {
    const { header, role } = partsOf(entry);
    if (header !== undefined && (role === 'customer' || role === 'internal_user')) mapped[role].push(header);
    else
      diagnostics.fail(
        'An entry of user_header_mappings needs header_name, and litellm_user_role: customer or internal_user.',
        settings.where('user_header_mappings'),
      );
  }
  return mapped;
};

const partsOf = (entry: JsonValue): { header?: string; role?: string } => {
  if (!isJsonObject(entry)) return {};
  const { header_name: header, litellm_user_role: role } = entry;
  return {
    ...(typeof header === 'string' && header.trim() !== '' && { header: header.trim().toLowerCase() }),
    ...(typeof role === 'string' && { role: role.toLowerCase() }),
  };
};
