// Ships what workers left that ended and whose journal nobody has taken over.
import { abandonedClaims, type Claim } from './claim.js';
import { messageOf, nodeFiles } from './files.js';
import type { ShippingOptions } from './options.js';
import { openOutlet } from './outlet.js';
import { ForeignVersion } from './segments.js';

export interface AdoptOptions extends ShippingOptions {
  /** Ends the adoption; what is not shipped stays for the next one. */
  readonly signal?: AbortSignal;
}

export interface Adoption {
  /** `worker-1` */
  readonly worker: string;
  /** Entries shipped. */
  readonly shipped: number;
  /** Entries that were not, since the signal came first. */
  readonly left: number;
}

/**
 * Takes every journal that holds entries and that no living process has, one after the other, and ships it to the end,
 * however long the other side is away. Of several who try at once one gets each; living workers' are not touched.
 * A journal that cannot be used is told as a fault, and the others go on.
 */
export const adoptAbandoned = async (options: AdoptOptions): Promise<Adoption[]> => {
  const { directory, files = nodeFiles, signal, onFault } = options;
  const adoptions: Adoption[] = [];
  for (const claim of abandonedClaims(directory, files)) {
    try {
      if (signal?.aborted) break;
      adoptions.push(await adopt(claim, options));
    } catch (error) {
      const kind = error instanceof ForeignVersion ? 'version' : 'read';
      onFault?.({ kind, worker: claim.worker, message: messageOf(error), cause: error });
    } finally {
      claim.lock.release();
    }
  }
  return adoptions;
};

const adopt = async (claim: Claim, { signal, ...options }: AdoptOptions): Promise<Adoption> => {
  const outlet = openOutlet(claim, options);
  const { shipper, backlog, unshipped } = outlet;
  const stop = (): void => void shipper.stop();
  signal?.addEventListener('abort', stop, { once: true });
  await shipper.drain();
  signal?.removeEventListener('abort', stop);
  await shipper.stop();
  const adoption = { worker: claim.worker, shipped: backlog.shipped, left: unshipped.entries };
  await outlet.close();
  return adoption;
};
