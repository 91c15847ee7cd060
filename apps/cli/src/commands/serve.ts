// `turnpike`: runs the gateway until it is told to stop.
import { runGateway } from './gateway-process.js';

/** Flags as commander gives them. */
export interface ServeFlags {
  config?: string;
  [flag: string]: unknown;
}

export const serve = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  process.exitCode = await runGateway({ configFile: config, flags, action: 'serve' });
};
