/** Tells a Slack channel of trouble when it begins, and when it is over: `alerting: ["slack"]`. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { slackConfig } from './config.js';
import { createDesk } from './desk.js';
import { createWatch } from './watch.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.slack',
  capabilities: ['events'],
  config: slackConfig,
  env: { SLACK_WEBHOOK_URL: 'webhook_url' },
  legacyKeys: ['slack_*'],
  fileOnly: ['webhook_url', 'alert_to_webhook_url'],
  init(settings, host) {
    const desk = createDesk(settings, host);
    const watch = createWatch(settings, host, desk.later);
    return {
      events: { onAfterCall: watch.ended, onAlert: desk.alerts },
      start() {
        for (const name of settings.without) host.log.warn(`Slack: ${name} has no effect here`);
        watch.start();
        return Promise.resolve();
      },
      async stop() {
        watch.stop();
        await desk.flush();
      },
    };
  },
});
