/** Mock providers by hand: `node test/upstreams/run.mjs --openai 9999 --anthropic 9998 --gemini 9997 --ollama 11434`. */
import { parseArgs } from 'node:util';
import { startAnthropicUpstream, startGeminiUpstream, startOllamaUpstream, startOpenAiUpstream } from './index.mjs';

const STARTERS = {
  openai: startOpenAiUpstream,
  anthropic: startAnthropicUpstream,
  gemini: startGeminiUpstream,
  ollama: startOllamaUpstream,
};

const HELP = `node test/upstreams/run.mjs [--openai PORT] [--anthropic PORT] [--gemini PORT] [--ollama PORT]
  --chunk-delay MS   wait between stream events
  --split BYTES      cut streams into writes of so many bytes
  --behaviour WORDS  for every request, as after "mock-" in a model's name: slow-200+tools
  --keyless          ask for no key
`;

const port = /** @type {const} */ ({ type: 'string' });
const { values } = parseArgs({
  options: {
    openai: port,
    anthropic: port,
    gemini: port,
    ollama: port,
    'chunk-delay': { type: 'string', default: '0' },
    split: { type: 'string' },
    behaviour: { type: 'string', default: '' },
    keyless: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const wanted = Object.entries(STARTERS).flatMap(([name, start]) => {
  const value = values[/** @type {keyof typeof STARTERS} */ (name)];
  return value === undefined ? [] : [{ name, start, port: Number(value) }];
});

if (values.help || wanted.length === 0) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}

const upstreams = await Promise.all(
  wanted.map(({ name, start, port }) =>
    start({
      port,
      chunkDelayMs: Number(values['chunk-delay']),
      behaviour: values.behaviour,
      ...(values.split && { split: Number(values.split) }),
      ...(values.keyless && { requireKey: false }),
    }).then((upstream) => {
      process.stdout.write(`${name} ${upstream.url}\n`);
      return upstream;
    }),
  ),
);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(
    signal,
    () => void Promise.all(upstreams.map((upstream) => upstream.close())).then(() => process.exit(0)),
  );
}
