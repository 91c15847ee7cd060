export * from './content.js';
export * from './post.js';
export * from './standard-payload.js';
