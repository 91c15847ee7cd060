// Alerts in a sentence, for people.
import type { NanoUsd } from '@turnpike/domain';
import type { Alert, BudgetAlert } from '../contracts/callback/v1/index.js';

export const alertText = (alert: Alert): string => {
  switch (alert.kind) {
    case 'budget':
      return budgetText(alert);
    case 'deployment': {
      const { event, deploymentId, group, upstreamModel, reason } = alert;
      const what = event === 'cooled_down' ? `is left alone after failures (${reason ?? 'unknown'})` : 'is back';
      return `Deployment ${deploymentId} of ${group} (${upstreamModel}) ${what}.`;
    }
    case 'state':
      return alert.event === 'began' ? alert.message : `It is over: ${alert.message}`;
  }
};

const budgetText = ({ event, scope, id, alias, spentNanoUsd, maxNanoUsd, softNanoUsd }: BudgetAlert): string => {
  const whose = `the budget of ${scope} ${alias ?? id}`;
  const spent = `${usdOf(spentNanoUsd)} USD`;
  if (event === 'soft_budget_crossed') return `${spent} are spent: ${whose} was to warn at ${usdOf(softNanoUsd)} USD.`;
  if (event === 'budget_crossed') return `${spent} are spent: ${whose}, ${usdOf(maxNanoUsd)} USD, is used up.`;
  const part = maxNanoUsd === undefined ? '' : ` (${Math.floor((spentNanoUsd / maxNanoUsd) * 100)} %)`;
  return `${spent} are spent of ${usdOf(maxNanoUsd)} USD${part}, ${whose}.`;
};

const usdOf = (nano: NanoUsd | undefined): number | null => (nano === undefined ? null : nano / 1e9);
