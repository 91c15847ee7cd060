// Who calls. Found once, before a message is read; what a caller may do is decided in the services, from this.
import type { Role } from '@turnpike/domain';

export interface Caller {
  /** `gateway`: by the gateway token, for itself or on behalf of a key. `admin`: by the master key or an admin's key. */
  readonly kind: 'gateway' | 'admin';
  /** SHA-256, hex, of the key that acts. Absent: a gateway acts for itself. The rest is what belongs to this key. */
  readonly keyHash?: string;
  readonly keyAlias?: string;
  readonly role?: Role;
  readonly userId?: string;
  readonly userEmail?: string;
  readonly teamId?: string;
  readonly organizationId?: string;
  /** Its key has the permission `get_spend_routes`: it sees what anybody spent, and nothing else of others. */
  readonly seesAllSpend?: boolean;
  /** Whom the key's owner says that it acts for. Told in the audit log beside the key, and allows nothing. */
  readonly changedBy?: string;
}

/** Knows the callers. Asked on each call, so it remembers. */
export interface Callers {
  /**
   * `bearer`: a gateway token, or a key in clear. `onBehalfOf`: the hash of a key, which only a gateway may name.
   * Undefined: nobody. What it throws ends the call.
   */
  identify(bearer: string, onBehalfOf?: string): Promise<Caller | undefined>;
}

/** For injection: `@Inject(CALLERS) callers: Callers`. */
export const CALLERS = Symbol('Callers');
