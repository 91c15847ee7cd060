// The request that puts an object, signed with AWS Signature Version 4.
// docs: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, read 2026-11-21
import type { HttpRequest } from '@turnpike/plugin-sdk';
import { AwsV4Signer } from 'aws4fetch';
import { createHash } from 'node:crypto';
import type { S3Settings } from './config.js';

export interface StoredObject {
  readonly key: string;
  readonly body: string;
  readonly contentType: string;
}

/** @param epochMs servers take a signature for a quarter of an hour */
export const putRequest = async (
  { key, body, contentType }: StoredObject,
  settings: S3Settings,
  epochMs: number,
): Promise<HttpRequest> => {
  const bytes = Buffer.from(body, 'utf8');
  const signer = new AwsV4Signer({
    method: 'PUT',
    url: urlOf(key, settings),
    headers: {
      'content-type': contentType,
      // Buckets with Object Lock ask for it.
      'content-md5': createHash('md5').update(bytes).digest('base64'),
      'x-amz-content-sha256': createHash('sha256').update(bytes).digest('hex'),
      ...encryptionOf(settings),
    },
    accessKeyId: settings.aws_access_key_id,
    secretAccessKey: settings.aws_secret_access_key,
    sessionToken: settings.aws_session_token,
    service: 's3',
    region: settings.region_name,
    datetime: new Date(epochMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, ''),
  });
  const { url, headers } = await signer.sign();
  return { method: 'PUT', url: url.href, headers: Object.fromEntries(headers), body: bytes };
};

/** The bucket in the host name, or in the path where the certificate or the server would not know such a name. */
export const urlOf = (key: string, settings: S3Settings): string => {
  const { bucket_name: bucket, region_name: region, endpoint_url: endpoint } = settings;
  const path = key.split('/').map(encoded).join('/');
  if (endpoint !== undefined) {
    if (!settings.use_virtual_hosted_style) return `${endpoint}/${bucket}/${path}`;
    return `${endpoint.replace('://', `://${bucket}.`)}/${path}`;
  }
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return bucket.includes('.') ? `https://${host}/${bucket}/${path}` : `https://${bucket}.${host}/${path}`;
};

/** All but the letters, digits and `-._~`, so that what is sent is what is signed. */
const encoded = (segment: string): string =>
  encodeURIComponent(segment).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const encryptionOf = ({
  server_side_encryption: algorithm,
  sse_kms_key_id: key,
}: S3Settings): Record<string, string> => ({
  ...((algorithm ?? key) !== undefined && { 'x-amz-server-side-encryption': algorithm ?? 'aws:kms' }),
  ...(key !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
});
