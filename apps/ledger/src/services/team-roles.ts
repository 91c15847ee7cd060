// What members of a team are.
import { invalidRequest } from '@turnpike/errors';

/** Empty: an ordinary member. */
export const roleIn = ({ role }: { role: string }): 'admin' | 'user' => {
  if (role === 'admin' || role === 'user') return role;
  if (role === '') return 'user';
  throw invalidRequest(`A member of a team is 'admin' or 'user', not '${role}'.`, 'role');
};
