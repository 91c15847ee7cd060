/** Canonical types of the gateway. Imports nothing. */
export * from './access/index.js';
export * from './account-name.js';
export * from './call-entry.js';
export * from './chat-chunk.js';
export * from './chat-request.js';
export * from './chat-response.js';
export * from './completion.js';
export * from './deployment.js';
export * from './dialect.js';
export * from './duration.js';
export * from './embedding.js';
export * from './json.js';
export * from './money.js';
export * from './plugin-manifest.js';
export * from './router-settings.js';
export * from './usage.js';
