// A resource of Azure OpenAI: where it is, which version of its API, and one of three ways to be let in.
import { z } from '@turnpike/plugin-sdk';

/** The newest generally available one. docs: https://learn.microsoft.com/azure/ai-services/openai/api-version-deprecation */
const DEFAULT_VERSION = '2024-10-21';
const DEFAULT_SCOPE = 'https://cognitiveservices.azure.com/.default';
const DEFAULT_AUTHORITY = 'https://login.microsoftonline.com';

/** What a service principal is told by. */
const PRINCIPAL = ['tenant_id', 'client_id', 'client_secret'] as const;

const url = z.url({ protocol: /^https?$/ });

export const config = z
  .strictObject({
    api_base: url.describe('https://<resource>.openai.azure.com, or longer: up to /openai/v1, or up to a deployment'),
    api_version: z
      .string()
      .min(1)
      .default(DEFAULT_VERSION)
      .describe('A date such as 2024-10-21, or "v1", "preview" or "latest" for the versionless API'),
    deployment_id: z.string().min(1).optional().describe('Deployment, where it is not named like the model'),
    api_key: z.string().optional().describe('Key of the resource'),
    azure_ad_token: z.string().optional().describe('Entra token, used as it is'),
    tenant_id: z.string().optional().describe('Entra tenant of the service principal'),
    client_id: z.string().optional().describe('Application id of the service principal'),
    client_secret: z.string().optional().describe('Secret of the service principal'),
    azure_scope: z.string().default(DEFAULT_SCOPE).describe('What the token is for'),
    azure_authority_host: url.default(DEFAULT_AUTHORITY).describe('Where tokens are issued'),
  })
  .superRefine((value, context) => {
    if (value.api_key || value.azure_ad_token) return;
    const missing = PRINCIPAL.filter((name) => !value[name]);
    if (missing.length === 0) return;
    const isPrincipal = missing.length < PRINCIPAL.length;
    context.addIssue({
      code: 'custom',
      path: [isPrincipal ? missing[0]! : 'api_key'],
      message: isPrincipal
        ? 'is missing: a service principal needs tenant_id, client_id and client_secret'
        : 'is missing: set AZURE_API_KEY, or api_key in litellm_params; azure_ad_token and a service principal do too',
    });
  })
  .meta({
    anyOf: [{ required: ['api_key'] }, { required: ['azure_ad_token'] }, { required: [...PRINCIPAL] }],
  });

export type AzureConfig = z.output<typeof config>;
