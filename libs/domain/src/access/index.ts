/** Who may do what: models, routes, roles. Pure: the gateway asks per request, the ledger when it decides. */
export * from './model-access.js';
export * from './model-list.js';
export * from './principal-models.js';
export * from './roles.js';
export * from './route-access.js';
export * from './route-groups.js';
