/**
 * A wire format that clients and upstreams speak. A format, not a vendor: many hosts speak `openai`.
 * When the client's dialect is the upstream's, the original bytes travel unchanged.
 */
export type Dialect = 'openai' | 'anthropic' | 'gemini';
