/** An amount of money in nano-dollars (1e-9 USD): a safe integer, never a fraction. */
export type NanoUsd = number;
