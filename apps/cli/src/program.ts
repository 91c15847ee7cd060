// Every command and flag. What only some commands need is read when they run: the others start sooner, and serve for long.
import { Command, InvalidArgumentError, Option } from 'commander';
import { createRequire } from 'node:module';
import { checkHealth } from './commands/health.js';
import type { ImportFlags } from './commands/import.js';
import { serve, serveGateway, serveLedger, type ServeFlags } from './commands/serve.js';
import { refuseStrayWords } from './stray-words.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(
        `It must be a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}.`,
      );
    }
    return value;
  };

const seconds = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number of seconds.');
  return value;
};

/** Flags of LiteLLM's that have no meaning here; scripts that pass them go on working. */
const IGNORED = [
  '--run-gunicorn',
  '--run-hypercorn',
  '--use-queue',
  '--local',
  '--telemetry [value]',
  '--log-config <file>',
  '--use-prisma-db-push',
  '--enforce-prisma-migration-check',
];

const withConfigFlags = (command: Command): Command =>
  command
    .option(
      '-c, --config <file>',
      'configuration file (default: ./litellm_config.yaml, then ./config.yaml, else built-in)',
    )
    .option('--strict', 'treat unknown keys, missing variables and an open gateway as errors');

const withServeFlags = (command: Command): Command => {
  withConfigFlags(command)
    .option('--host <address>', 'address to listen on (default: 0.0.0.0)')
    .option('--port <number>', 'port to listen on (default: 4000)', wholeNumber(0, 65_535))
    .option('--num-workers <number>', 'worker processes behind the port (default: 1)', wholeNumber(1, 1_024))
    .option('--keepalive-timeout <seconds>', 'how long an idle client connection is kept (default: 5)', seconds)
    .option('--max-requests-before-restart <number>', 'replace a worker after so many requests', wholeNumber(0))
    .option('--data-dir <folder>', 'where keys and journals are kept (default: ./.turnpike)')
    .option('-m, --model <name>', 'serve this one model, without a configuration file')
    .option('--alias <name>', 'public name of --model')
    .option('--api-base <url>', 'address of --model')
    .option('--api-version <version>', 'API version of --model')
    .option('--temperature <number>', 'default temperature', Number)
    .option('--max-tokens <number>', 'default max_tokens', wholeNumber(1))
    .option('--request-timeout <seconds>', 'longest a call may take', seconds)
    .option('--max-budget <usd>', 'budget of the whole installation', Number)
    .option('--drop-params', 'drop parameters that a provider lacks')
    .option('--verbose', 'log where each call was routed, who answered and how long it took')
    .option('--debug', 'log details')
    .option('--detailed-debug', 'log details and upstream requests (slow; not for production)');
  for (const flag of IGNORED) command.addOption(new Option(flag).hideHelp());
  return command;
};

const withLedgerFlags = (command: Command): Command =>
  withConfigFlags(command)
    .option('--data-dir <folder>', 'where its database is kept when there is no DATABASE_URL (default: ./.turnpike)')
    .option('--grpc-address <host:port>', 'where it listens (default: 127.0.0.1:50051)')
    .option('--grpc-insecure', 'listen in clear at an address that other machines reach')
    .option('--grpc-cert <file>', 'its certificate, PEM')
    .option('--grpc-key <file>', 'the key of the certificate, PEM')
    .option('--grpc-client-ca <file>', 'take only clients with a certificate of this authority, PEM')
    .option('--debug', 'log details');

/** For those who speak with a ledger on another machine. */
const withLedgerTlsFlags = (command: Command): Command =>
  command
    .option('--ledger-ca <file>', 'the authority of the ledger’s certificate, PEM')
    .option('--ledger-cert <file>', 'the certificate to show it, where it asks for one, PEM')
    .option('--ledger-key <file>', 'the key of that certificate, PEM')
    .option('--ledger-server-name <name>', 'the name in the ledger’s certificate, where it is not the address')
    .option('--ledger-insecure', 'send secrets in clear to a ledger on another machine');

/** Commands that come later inherit what is allowed here, so this is said last. */
const serving = (command: Command, run: (flags: ServeFlags) => Promise<void>): Command =>
  command.allowExcessArguments().action((flags: ServeFlags) => {
    refuseStrayWords(command);
    return run(flags);
  });

const configCommands = () => import('./commands/config.js');

export const createProgram = (): Command => {
  const program = withServeFlags(new Command('turnpike'))
    .description('LLM gateway: one OpenAI-compatible address in front of every model provider')
    .version(version, '-v, --version')
    .showHelpAfterError('Run with --help to see every flag.')
    .helpCommand('help [command]', 'show every flag of a command')
    .enablePositionalOptions();

  serving(withLedgerTlsFlags(withServeFlags(program.command('gateway'))), serveGateway).description(
    'start the gateway alone, as containers do; LEDGER_ADDRESS says where the ledger is',
  );
  serving(withLedgerFlags(program.command('ledger')), serveLedger).description('start the ledger alone');

  const config = program.command('config').description('look at the configuration');
  withConfigFlags(config.command('check'))
    .description('load it as a start would and say what is wrong; exit code 0 or 1')
    .action(async (flags: ServeFlags) => (await configCommands()).checkConfig(flags));
  withConfigFlags(config.command('show'))
    .description('print the canonical structure, secrets masked')
    .action(async (flags: ServeFlags) => (await configCommands()).showConfig(flags));
  config
    .command('import <blueprint>')
    .description('turn a blueprint-config.json (llm_providers) into a litellm_config.yaml')
    .option('-o, --output <file>', 'write it there instead of printing it')
    .action(async (blueprint: string, flags: { output?: string }) =>
      (await configCommands()).importConfig(blueprint, flags),
    );

  const imports = program.command('import').description('take over what another gateway keeps');
  const litellm = withConfigFlags(imports.command('litellm'))
    .description(
      'keys, teams, users, budgets, spend and stored models of a LiteLLM database; reads only, may be run again',
    )
    .option('--database-url <url>', 'its database (default: LITELLM_DATABASE_URL, else DATABASE_URL)')
    .option('--salt-key <key>', 'what it sealed secrets with (default: LITELLM_SALT_KEY, else the master key)')
    .option('--dry-run', 'write nothing, and tell what would be')
    .option('--overwrite', 'what is here already becomes what it is there')
    .option('--only <nouns>', 'only these, with commas between them: keys,teams')
    .option('--spend-logs [since]', 'single calls, too; since a day, such as 2026-01-31')
    .option('--json', 'print the report as JSON')
    .option('--data-dir <folder>', 'where the ledger keeps things when there is no DATABASE_URL (default: ./.turnpike)')
    .option('--ledger <host:port>', 'the ledger (default: LEDGER_ADDRESS, else the one of the data directory)');
  withLedgerTlsFlags(litellm).action(async (flags: ImportFlags) => {
    const { importLitellm } = await import('./commands/import.js');
    return importLitellm(flags);
  });

  program
    .command('health')
    .description('ask a running gateway whether it is ready; exit code 0 or 1')
    .option('--port <number>', 'its port', wholeNumber(1, 65_535))
    .option('--url <url>', 'its address, instead of --port')
    .action(checkHealth);

  return serving(program, serve);
};
