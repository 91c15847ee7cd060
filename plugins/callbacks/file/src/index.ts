/** Writes calls as lines of JSON, each in LiteLLM's standard logging payload, to a file. */
import { definePlugin, standardLoggingPayload, type CallFinished } from '@turnpike/plugin-sdk';
import { join } from 'node:path';
import { config } from './config.js';
import { LineFile } from './line-file.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.file',
  capabilities: ['events'],
  aliases: ['jsonl'],
  config,
  env: { FILE_LOGGER_PATH: 'path' },
  legacyKeys: ['file_logger_*'],
  fileOnly: ['path', 'max_size_mb', 'max_files'],
  init({ path, max_size_mb: maxMegabytes, max_files: maxFiles }, host) {
    const file = new LineFile({
      path: () => path ?? join(host.dataDir(), 'calls.jsonl'),
      maxBytes: maxMegabytes * 1_048_576,
      maxFiles,
      clock: host.clock,
    });
    const write = (calls: readonly CallFinished[]): Promise<void> =>
      file.append(calls.map((call) => JSON.stringify(standardLoggingPayload(call))));
    return { events: { onSuccess: write, onFailure: write }, stop: () => file.close() };
  },
});
