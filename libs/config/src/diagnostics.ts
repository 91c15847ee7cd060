// Collects what is wrong with a configuration, so that one run names all of it.
import { GatewayError } from '@turnpike/errors';
import type { ConfigWarning } from './canonical.js';

export class Diagnostics {
  readonly warnings: ConfigWarning[] = [];
  readonly #problems: string[] = [];

  constructor(readonly isStrict: boolean) {}

  /** A copy, which goes on by itself. */
  fork(): Diagnostics {
    const copy = new Diagnostics(this.isStrict);
    copy.warnings.push(...this.warnings);
    copy.#problems.push(...this.#problems);
    return copy;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  warn(kind: ConfigWarning['kind'], message: string, where?: string): void {
    this.warnings.push(where === undefined ? { kind, message } : { kind, message, where });
  }

  /** A warning that `--strict` turns into an error. */
  doubt(kind: ConfigWarning['kind'], message: string, where?: string): void {
    if (this.isStrict) this.fail(message, where);
    else this.warn(kind, message, where);
  }

  fail(message: string, where?: string): void {
    this.#problems.push(where === undefined ? message : `${where}: ${message}`);
  }

  /** @throws GW_CONFIG_INVALID with every problem so far, one a line */
  throwIfFailed(): void {
    if (this.#problems.length === 0) return;
    const [first, ...others] = this.#problems;
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      others.length === 0 ? first! : `${this.#problems.length} problems:\n  ${this.#problems.join('\n  ')}`,
    );
  }
}
