// Alerts as LiteLLM's webhook has them: the fields of budgets under its names, and events of the gateway beside them.
// docs: https://docs.litellm.ai/docs/proxy/alerting (webhook), read 2026-11-21
import { alertText, type Alert, type BudgetAlert, type JsonObject, type NanoUsd } from '@turnpike/plugin-sdk';

const NANO_PER_USD = 1e9;

export const alertBody = (alert: Alert): JsonObject => {
  const at = { timestamp: new Date(alert.at).toISOString() };
  switch (alert.kind) {
    case 'budget':
      return { ...budgetBody(alert), ...at };
    case 'deployment': {
      const { event, deploymentId, group, provider, upstreamModel } = alert;
      return {
        event: `deployment_${event}`,
        event_group: 'proxy',
        event_message: alertText(alert),
        model_id: deploymentId,
        model_group: group,
        model: upstreamModel,
        custom_llm_provider: provider.slice(provider.indexOf('.') + 1),
        ...at,
      };
    }
    case 'state':
      return {
        event: `state_${alert.event}`,
        event_group: 'proxy',
        event_message: alertText(alert),
        state: alert.state,
        ...at,
      };
  }
};

/** Scope → LiteLLM's group, and the field that holds its id. */
const SCOPES: Readonly<Record<string, readonly [group: string, field: string]>> = {
  key: ['key', 'token'],
  team: ['team', 'team_id'],
  user: ['internal_user', 'user_id'],
  member: ['team_member', 'user_id'],
  organization: ['organization', 'organization_id'],
  customer: ['customer', 'customer_id'],
  tag: ['tag', 'tag'],
  installation: ['proxy', 'id'],
};

const ALIASES: Readonly<Record<string, string>> = { key: 'key_alias', team: 'team_alias', user: 'user_email' };

const budgetBody = (alert: Extract<Alert, BudgetAlert>): JsonObject => {
  const { event, scope, id, alias, spentNanoUsd, maxNanoUsd, softNanoUsd, resetAt } = alert;
  const [group, field] = SCOPES[scope] ?? [scope, 'id'];
  return {
    spend: usdOf(spentNanoUsd),
    max_budget: usdOf(maxNanoUsd),
    soft_budget: usdOf(softNanoUsd),
    [field]: id,
    ...(alias !== undefined && { [ALIASES[scope] ?? 'alias']: alias }),
    ...(resetAt !== undefined && { budget_reset_at: new Date(resetAt).toISOString() }),
    event,
    event_group: group,
    event_message: alertText(alert),
  };
};

const usdOf = (nano: NanoUsd | undefined): number | null => (nano === undefined ? null : nano / NANO_PER_USD);
