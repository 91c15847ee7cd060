// Settings, in LiteLLM's words: those of `s3_callback_params`, without the prefix.
import { z } from '@turnpike/plugin-sdk';

const flag = z.stringbool().or(z.boolean());
/** Printable ASCII: what a header may hold. */
const headerText = /^[\x21-\x7e]+$/;

export const config = z.strictObject({
  bucket_name: z
    .string()
    .regex(/^[\w.-]{1,255}$/, { error: 'is no name of a bucket' })
    .describe('Where objects are put'),
  region_name: z
    .string()
    .regex(/^[\w-]{1,64}$/, { error: 'is no name of a region, such as eu-central-1' })
    .default('us-east-1')
    .describe('Region of the bucket'),
  aws_access_key_id: z.string().regex(headerText).describe('Key id'),
  aws_secret_access_key: z.string().min(1).describe('Secret of the key'),
  aws_session_token: z.string().regex(headerText).optional().describe('Of keys that last for a while'),
  endpoint_url: z
    .url({ protocol: /^https?$/ })
    .transform((address) => address.replace(/\/+$/, ''))
    .optional()
    .describe('Of a server that is not Amazon’s'),
  use_virtual_hosted_style: flag.default(false).describe('With endpoint_url: the bucket stands in the host name'),
  path: z.string().max(512).default('').describe('Before all keys: logs/litellm'),
  use_team_prefix: flag.default(false).describe('The team’s alias stands before the date'),
  use_key_prefix: flag.default(false).describe('The key’s alias stands before the date'),
  format: z
    .enum(['json', 'jsonl'])
    .default('json')
    .describe('An object for each call, or lines of JSON for each batch'),
  server_side_encryption: z
    .enum(['AES256', 'aws:kms', 'aws:kms:dsse'])
    .optional()
    .describe('What the server encrypts objects with'),
  sse_kms_key_id: z.string().regex(headerText).optional().describe('Key that it takes for aws:kms'),
  batch_size: z.coerce.number().int().min(1).max(1_000).default(100).describe('Calls that are put together, at most'),
  flush_interval: z.coerce.number().positive().max(600).default(10).describe('Seconds that a call waits for others'),
});

export type S3Settings = z.output<typeof config>;
