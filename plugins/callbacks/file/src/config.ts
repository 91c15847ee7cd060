// Where lines go, and how many of them stay.
import { z } from '@turnpike/plugin-sdk';

export const config = z.strictObject({
  path: z.string().min(1).optional().describe('File to write to; calls.jsonl in the data directory by default'),
  max_size_mb: z.coerce.number().positive().default(100).describe('MiB after which a new file is begun'),
  max_files: z.coerce.number().int().min(1).default(10).describe('Full files that stay; the oldest go'),
});
