// Settings, under the names of MLflow's own variables.
import { z } from '@turnpike/plugin-sdk';

export const config = z.strictObject({
  tracking_uri: z
    .url({ protocol: /^https?$/, error: 'is no address such as http://mlflow:5000: traces go to a tracking server' })
    .describe('Address of the tracking server, 3.6 or later'),
  experiment_name: z.string().min(1).default('Default').describe('Made when it is not there'),
  experiment_id: z.coerce.string().min(1).optional().describe('Counts for more than the name'),
  tracking_token: z.string().min(1).optional().describe('Sent as bearer token'),
  tracking_username: z.string().min(1).optional(),
  tracking_password: z.string().min(1).optional(),
  flush_interval: z.coerce.number().positive().max(60).default(1).describe('Seconds that a call waits for others'),
});

export type MlflowSettings = z.output<typeof config>;
