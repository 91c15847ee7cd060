// The roles of people and keys.

export const ROLES = [
  'proxy_admin',
  'proxy_admin_viewer',
  'org_admin',
  'internal_user',
  'internal_user_viewer',
  'team',
  'customer',
] as const;
export type Role = (typeof ROLES)[number];

/** As the dashboard and `/user/available_roles` tell them. */
export const ROLE_DESCRIPTIONS: Readonly<Record<Role, string>> = {
  proxy_admin: 'May do everything.',
  proxy_admin_viewer: 'Sees all keys and all spend, changes nothing.',
  org_admin: 'Manages the teams, users and keys of the own organisation.',
  internal_user: 'Makes, changes and deletes own keys, sees own spend.',
  internal_user_viewer: 'Sees own keys and own spend.',
  team: 'A team that calls as such.',
  customer: 'Somebody outside, on whose behalf calls are made.',
};

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/** Sees what belongs to anybody. */
export const isAdminRole = (role: string): boolean => role === 'proxy_admin' || role === 'proxy_admin_viewer';

/** Only ever reads. */
export const isViewerRole = (role: string): boolean =>
  role === 'proxy_admin_viewer' || role === 'internal_user_viewer' || role === 'customer';
