// Where Redis is and how it lets us in: one server, a cluster, or the master that sentinels name. Keys are LiteLLM's.
import { z } from '@turnpike/plugin-sdk';

const port = z.union([
  z.int().min(1).max(65_535),
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(65_535)),
]);
const host = z.string().min(1);

const nodes = z.array(
  z
    .union([z.strictObject({ host, port: port.optional() }), z.tuple([host, port])], {
      error: 'is neither {host, port} nor [host, port]',
    })
    .transform((node): { host: string; port?: number } =>
      Array.isArray(node) ? { host: node[0], port: node[1] } : node,
    ),
);

/** The ways to say where Redis is; the first that is given counts. */
const PLACES = ['redis_startup_nodes', 'sentinel_nodes', 'url', 'host'] as const;

const isRedisUrl = (text: string): boolean => /^rediss?:\/\//.test(text) && URL.canParse(text);

/** Where Redis is and how it lets us in. */
const connection = {
  url: z
    .string()
    .refine(isRedisUrl, { message: 'is no address such as redis://user:password@host:6379/0, or rediss:// for TLS' })
    .optional()
    .describe('redis://user:password@host:6379/0; rediss:// for TLS. Other settings add what it leaves out'),
  host: z.string().optional().describe('Name or address of the server'),
  port: port.optional().describe('6379 by default'),
  username: z.string().optional().describe('ACL user'),
  password: z.string().optional().describe('Password of the user, or of the server'),
  db: z.int().min(0).optional().describe('Number of the database'),
  redis_startup_nodes: nodes.optional().describe('Some nodes of a cluster: [{host, port}]'),
  sentinel_nodes: nodes.optional().describe('Sentinels: [[host, port]]'),
  service_name: z.string().optional().describe('Name by which the sentinels know the master'),
  sentinel_password: z
    .string()
    .optional()
    .describe('Password of the sentinels, and of the master where there is no other'),
  ssl: z.boolean().optional().describe('TLS'),
  ssl_ca_certs: z.string().optional().describe('File with the certificates to trust instead of the usual ones'),
  ssl_certfile: z.string().optional().describe('File with the certificate that this client shows'),
  ssl_keyfile: z.string().optional().describe('File with the key of that certificate'),
  ssl_cert_reqs: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['required', 'optional', 'none']))
    .optional()
    .describe('"none": any certificate will do; "optional": whatever name stands in it'),
  ssl_check_hostname: z.boolean().optional().describe('false: whatever name stands in the certificate'),
  namespace: z.string().min(1).optional().describe('All keys begin with it, and a colon'),
  socket_timeout: z.number().positive().default(2).describe('Seconds that a command may wait for its answer'),
  max_connections: z
    .int()
    .positive()
    .optional()
    .describe('Has no effect: a worker has one connection, to each node of a cluster'),
};

type Given = Partial<Record<string, unknown>>;

const isGiven = (settings: Given, place: (typeof PLACES)[number]): boolean => {
  const value = settings[place];
  return (typeof value === 'string' || Array.isArray(value)) && value.length > 0;
};

/** Some place is named. */
export const hasPlace = (settings: Given): boolean => PLACES.some((place) => isGiven(settings, place));

const lacksServiceName = (settings: Given): boolean => isGiven(settings, 'sentinel_nodes') && !settings['service_name'];

const NO_SERVICE_NAME = { path: ['service_name'], message: 'is missing: sentinels know masters by it' };

export const config = z
  .strictObject(connection)
  .superRefine((settings, context) => {
    if (!hasPlace(settings)) {
      const message = 'is missing: set REDIS_HOST, or host, url, redis_startup_nodes or sentinel_nodes in cache_params';
      context.addIssue({ code: 'custom', path: ['host'], message });
    }
    if (lacksServiceName(settings)) context.addIssue({ code: 'custom', ...NO_SERVICE_NAME });
  })
  .meta({ anyOf: PLACES.map((place) => ({ required: [place] })) });

export type RedisSettings = z.output<typeof config>;

/** As above; without a place answers and questions stay in the memory of the process. */
export const semanticConfig = z
  .strictObject({
    ...connection,
    similarity_threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.8)
      .describe('Cosine from which on two questions have the same answer'),
    redis_semantic_cache_embedding_model: z
      .string()
      .min(1)
      .default('text-embedding-ada-002')
      .describe('Model of this gateway that embeddings are made with'),
    max_questions: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('Questions that one worker, or one scope in Redis, knows at most'),
    max_size_mb: z.number().min(1).default(64).describe('Without Redis: MiB that the answers of one worker may take'),
  })
  .superRefine((settings, context) => {
    if (lacksServiceName(settings)) context.addIssue({ code: 'custom', ...NO_SERVICE_NAME });
  });

export type SemanticSettings = z.output<typeof semanticConfig>;
