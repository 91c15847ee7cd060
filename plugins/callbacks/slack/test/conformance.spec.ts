import { callbackConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const webhook_url = 'https://hooks.slack.com/services/T000/B000/made-up-token';

callbackConformance({
  plugin,
  config: { webhook_url, alerting_threshold: 0.5, alerting_args: { minor_outage_alert_threshold: 1 } },
  badConfig: [
    {},
    { webhook_url: 'slack' },
    { webhook_url: 'file:///etc/passwd' },
    { webhook_url, alerting_threshold: 0 },
    { webhook_url, alerting_threshold: NaN },
    { webhook_url, alert_types: 'outage_alerts' },
    { webhook_url, alert_to_webhook_url: { budget_alerts: [] } },
    { webhook_url, alert_to_webhook_url: { budget_alerts: 'budgets' } },
    { webhook_url, alerting_args: { minor_outage_alert_threshold: -1 } },
    { webhook_url, alerting_args: { error_rate_threshold: 2 } },
  ],
});
