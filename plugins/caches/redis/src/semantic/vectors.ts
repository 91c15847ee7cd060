// Embeddings as directions: what counts is the angle between two.

/** Of length 1, so that the product of two is the cosine of their angle. Undefined: it points nowhere. */
export const directionOf = (vector: Float32Array): Float32Array | undefined => {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length) || length === 0) return undefined;
  return vector.map((value) => value / length);
};

/** Of two directions of one size. */
export const cosine = (one: Float32Array, other: Float32Array): number => {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += one[at]! * other[at]!;
  return Math.max(-1, Math.min(1, sum));
};

/** Little-endian float32, as Redis has them, whatever this machine's order. */
export const toBytes = (vector: Float32Array): Buffer => {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  vector.forEach((value, at) => bytes.writeFloatLE(value, at * 4));
  return bytes;
};

/** Undefined for what is no vector. */
export const fromBytes = (bytes: Buffer): Float32Array | undefined => {
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
};
