// The turnpike command; bin/ holds what package managers link.
import { isGatewayError } from '@turnpike/errors';
import { createProgram } from './program.js';

createProgram()
  .parseAsync(normalise(process.argv))
  .catch((error: unknown) => {
    process.stderr.write(
      `${isGatewayError(error) ? error.message : error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = 1;
  });

/** LiteLLM writes flags with underscores; both spellings work. Values are left alone. */
function normalise(argv: readonly string[]): string[] {
  return argv.map((word) => {
    if (!word.startsWith('--')) return word;
    const [name = '', ...value] = word.split('=');
    return [name.replaceAll('_', '-'), ...value].join('=');
  });
}
