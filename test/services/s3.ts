// An S3 server, as far as callbacks use it: it puts objects, and takes none whose signature, content hash, MD5 or time is
// not right. It reckons the signature itself, from the request as it came.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and …/API_PutObject.html.
import { createHash, createHmac } from 'node:crypto';
import { Collector, type Collected, type CollectorAnswer } from './collector.js';

export interface S3Object {
  readonly body: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface S3Credentials {
  readonly keyId: string;
  readonly secret: string;
  readonly region: string;
  readonly token?: string;
}

const MAX_SKEW_MS = 15 * 60_000;

export class S3Server {
  /** `bucket` → key → object. */
  private readonly buckets = new Map<string, Map<string, S3Object>>();
  /** For the age of signatures. */
  now = Date.now;

  private constructor(
    readonly collector: Collector,
    private readonly credentials: S3Credentials,
  ) {
    collector.answering = (request) => this.answer(request);
  }

  static async start(credentials: S3Credentials): Promise<S3Server> {
    return new S3Server(await Collector.start(), credentials);
  }

  get url(): string {
    return this.collector.url;
  }

  /** Objects by key. */
  bucket(name: string): Map<string, S3Object> {
    const bucket = new Map<string, S3Object>();
    this.buckets.set(name, bucket);
    return bucket;
  }

  close(): Promise<void> {
    return this.collector.close();
  }

  answer({ method, path, headers, body }: Collected): CollectorAnswer {
    const problem = this.problemOf({ method, path, headers, body });
    if (problem) return refusal(403, problem);
    if (sha256(body) !== headers['x-amz-content-sha256']) return refusal(400, 'XAmzContentSHA256Mismatch');
    if (createHash('md5').update(body).digest('base64') !== headers['content-md5']) return refusal(400, 'BadDigest');
    if (method !== 'PUT') return refusal(405, 'MethodNotAllowed');
    const [bucketName = '', ...key] = path.slice(1).split('/').map(decodeURIComponent);
    const bucket = this.buckets.get(bucketName);
    if (!bucket) return refusal(404, 'NoSuchBucket');
    if (Buffer.byteLength(key.join('/')) > 1_024) return refusal(400, 'KeyTooLongError');
    bucket.set(key.join('/'), { body: body.toString('utf8'), headers });
    return { status: 200 };
  }

  private problemOf(request: Collected): string | undefined {
    const { headers } = request;
    const { keyId, token } = this.credentials;
    const { authorization = '' } = headers;
    const claimed = /Credential=([^/]+)\//.exec(authorization)?.[1];
    if (claimed !== keyId) return 'InvalidAccessKeyId';
    if (headers['x-amz-security-token'] !== token) return 'InvalidToken';
    if (authorization !== signatureOf(request, this.credentials)) return 'SignatureDoesNotMatch';
    const at = String(headers['x-amz-date']).replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z');
    return Math.abs(Date.parse(at) - this.now()) <= MAX_SKEW_MS ? undefined : 'RequestTimeTooSkewed';
  }
}

const refusal = (status: number, code: string): CollectorAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>No.</Message></Error>`,
});

/** `authorization` as the request ought to have it, over the headers that it says are signed. */
export const signatureOf = (
  { method, path, headers }: Pick<Collected, 'method' | 'path' | 'headers'>,
  { keyId, secret, region }: Pick<S3Credentials, 'keyId' | 'secret' | 'region'>,
): string => {
  const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  const time = String(headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const encoded = path
    .split('/')
    .map((part) => encodeURIComponent(decodeURIComponent(part)).replaceAll(/[!'()*]/g, hexOf))
    .join('/');
  const canonical = [
    method,
    encoded,
    '',
    ...signed.split(';').map((name) => `${name}:${String(headers[name]).trim().replaceAll(/ +/g, ' ')}`),
    '',
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secret}`);
  const signature = hmac(key, toSign).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
};

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const hexOf = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
