// A process that tells the built plugin of 300 calls: `writer.mjs <path> <name>`.
import { aCallFinished, fakeHost } from '@turnpike/plugin-testkit';
import plugin from '../dist/index.js';

const [, , path, name] = process.argv;
const settings = plugin.config.parse({ path, max_size_mb: 0.05, max_files: 1_000 });
const { events, stop } = plugin.init(settings, { ...fakeHost(), clock: { now: Date.now } });
for (let index = 0; index < 300; index += 3) {
  const batch = [index, index + 1, index + 2].map((number) => aCallFinished({ callId: `${name}-${number}` }));
  await events.onSuccess(batch, AbortSignal.timeout(5_000));
}
await stop();
