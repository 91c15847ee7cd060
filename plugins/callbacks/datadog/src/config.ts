// Settings, under the names of Datadog's variables.
import { z } from '@turnpike/plugin-sdk';

const host = z
  .string()
  .regex(/^(?:[\w.-]{1,253}|\[[0-9a-f:]{2,39}\])$/i, { error: 'is no name of a host' })
  .describe('Agent that takes logs over HTTP');
const port = z.coerce.number().int().min(1).max(65_535);
/** What stands in a tag. */
const name = z.string().min(1).max(200);

export const config = z
  .strictObject({
    api_key: z
      .string()
      .regex(/^[\x21-\x7e]+$/, { error: 'holds what no key has' })
      .optional()
      .describe('Of the organisation; an agent has its own'),
    site: z
      .string()
      .regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i, { error: 'is no site, such as datadoghq.eu' })
      .default('datadoghq.com')
      .describe('datadoghq.com, datadoghq.eu, us5.datadoghq.com …'),
    agent_host: host.optional(),
    agent_port: port.default(10_518).describe('Of agent_host'),
    injected_agent_host: host.optional().describe('Agent that Datadog itself names; only where there is no api_key'),
    base_url: z
      .url({ protocol: /^https?$/ })
      .transform((address) => address.replace(/\/+$/, ''))
      .optional()
      .describe('Address of the intake, in place of site and agent'),
    source: name.default('litellm').describe('ddsource'),
    service: name.default('litellm-server').describe('service'),
    env: name.default('unknown').describe('Tag env'),
    version: name.default('unknown').describe('Tag version'),
    hostname: z.string().max(255).default('').describe('hostname, and tag HOSTNAME'),
    pod_name: name.default('unknown').describe('Tag POD_NAME'),
    batch_size: z.coerce.number().int().min(1).max(1_000).default(100).describe('Calls in one request, at most'),
    flush_interval: z.coerce.number().positive().max(60).default(5).describe('Seconds that a call waits for others'),
  })
  .refine((settings) => settings.api_key ?? settings.agent_host ?? settings.injected_agent_host ?? settings.base_url, {
    error: 'needs api_key, or agent_host',
  })
  .meta({
    anyOf: [
      { required: ['api_key'] },
      { required: ['agent_host'] },
      { required: ['injected_agent_host'] },
      { required: ['base_url'] },
    ],
  });

export type DatadogSettings = z.output<typeof config>;

/** Where logs are sent. */
export const intakeOf = (settings: DatadogSettings): string => {
  const { base_url: baseUrl, site, agent_port: agentPort, api_key: apiKey } = settings;
  // Tracers set DD_AGENT_HOST for an agent of theirs, which need not take logs.
  const agent = settings.agent_host ?? (apiKey === undefined ? settings.injected_agent_host : undefined);
  const origin = baseUrl ?? (agent === undefined ? `https://http-intake.logs.${site}` : `http://${agent}:${agentPort}`);
  return `${origin}/api/v2/logs`;
};
