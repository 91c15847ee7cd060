// Vectors for texts.
import type { JsonObject } from './json.js';
import type { Usage } from './usage.js';

export interface EmbeddingRequest {
  model: string;
  /** One entry per vector wanted: text, or token ids. */
  input: (string | number[])[];
  dimensions?: number;
  /** What the client asked for; a provider that cannot deliver base64 delivers floats and the front encodes them. */
  encodingFormat?: 'float' | 'base64';
  user?: string;
  extras: JsonObject;
}

export interface EmbeddingResponse {
  model: string;
  /** In the order of the input. `base64` holds little-endian float32 bytes. */
  vectors: (number[] | { base64: string })[];
  usage?: Usage;
}
