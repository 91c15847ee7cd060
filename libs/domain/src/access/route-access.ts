// Which paths a key and a role may call.
import type { Role } from './roles.js';
import { isRouteGroup, ROUTE_GROUPS, type RouteGroup } from './route-groups.js';

const MAX_REMEMBERED = 256;

/** A set of paths, written as in `ROUTE_GROUPS`. Plain ones cost one look-up; what patterns say is remembered. */
export class RouteMatcher {
  private readonly plain = new Set<string>();
  private readonly patterns: RegExp[] = [];
  private readonly remembered = new Map<string, boolean>();

  constructor(paths: Iterable<string>) {
    for (const path of new Set(paths)) {
      if (/[{*]/.test(path)) this.patterns.push(readPattern(path));
      else this.plain.add(path);
    }
  }

  /** @param path without a query; a slash at its end does not count */
  matches(path: string): boolean {
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    if (this.plain.has(bare)) return true;
    if (this.patterns.length === 0) return false;
    const known = this.remembered.get(bare);
    if (known !== undefined) return known;
    const isMatch = this.patterns.some((pattern) => pattern.test(bare));
    // Paths hold model names and ids, which clients choose.
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    this.remembered.set(bare, isMatch);
    return isMatch;
  }
}

/** "{x}" one part, "{x:path}" one or more, "*" anything. */
const readPattern = (path: string): RegExp => {
  const source = path
    .split(/(\{[^}]*\}|\*)/)
    .map((part) => {
      if (part === '*') return '.*';
      if (part.startsWith('{')) return part.endsWith(':path}') ? '.+' : '[^/]+';
      return part.replace(/[.+?^$()|[\]\\{}]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`);
};

const groups = new Map<RouteGroup, RouteMatcher>();

const groupMatcher = (name: RouteGroup): RouteMatcher => {
  let matcher = groups.get(name);
  if (!matcher) {
    matcher = new RouteMatcher(ROUTE_GROUPS[name]);
    groups.set(name, matcher);
  }
  return matcher;
};

export const isInRouteGroup = (name: RouteGroup, path: string): boolean => groupMatcher(name).matches(path);

/** What `allowed_routes` of a key says. */
export class AllowedRoutes {
  private static readonly everything = new AllowedRoutes([]);
  private readonly groups: readonly RouteMatcher[];
  private readonly own: RouteMatcher;
  private readonly isEverything: boolean;

  /** @param entries paths, with wildcards, and names of groups. None: everything that the role may */
  constructor(private readonly entries: readonly string[]) {
    this.isEverything = entries.length === 0 || entries.includes('*') || entries.includes('/*');
    this.groups = entries.filter(isRouteGroup).map(groupMatcher);
    this.own = new RouteMatcher(entries.filter((entry) => !isRouteGroup(entry)));
  }

  /** Most keys have no entries, and share what that comes to. */
  static of(entries: readonly string[]): AllowedRoutes {
    return entries.length === 0 ? AllowedRoutes.everything : new AllowedRoutes(entries);
  }

  allows(path: string): boolean {
    return this.isEverything || this.own.matches(path) || this.groups.some((group) => group.matches(path));
  }

  refusalOf(path: string): string {
    const told = this.entries.map((entry) => `'${entry}'`).join(', ');
    return `Virtual key is not allowed to call this route. Only allowed to call routes: [${told}]. Tried to call route: ${path}`;
  }
}

/** Beyond what everybody may: call models, and read what is there for all. */
const GROUPS_OF: Readonly<Record<Exclude<Role, 'proxy_admin'>, readonly RouteGroup[]>> = {
  proxy_admin_viewer: ['admin_viewer_routes', 'spend_tracking_routes', 'global_spend_tracking_routes'],
  org_admin: [
    'org_admin_only_routes',
    'management_routes',
    'self_managed_routes',
    'admin_viewer_routes',
    'spend_tracking_routes',
    'global_spend_tracking_routes',
    'internal_user_routes',
  ],
  internal_user: ['internal_user_routes', 'self_managed_routes'],
  internal_user_viewer: ['internal_user_view_only_routes'],
  team: [],
  customer: [],
};

const FOR_ALL: readonly RouteGroup[] = ['llm_api_routes', 'info_routes', 'public_routes'];

/**
 * Whether a role may call a path at all; whose things it sees and changes there is decided by the ledger.
 * @param role an unknown one may what everybody may
 */
export const mayRoleCall = (role: string, path: string): boolean => {
  if (role === 'proxy_admin') return true;
  const own = Object.hasOwn(GROUPS_OF, role) ? GROUPS_OF[role as keyof typeof GROUPS_OF] : [];
  return [...FOR_ALL, ...own].some((group) => isInRouteGroup(group, path));
};

/** What a caller is told whose role may not call a path. */
export const roleRefusal = (role: string, path: string): string =>
  `Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route=${path}. Your role=${role || 'unknown'}.`;
