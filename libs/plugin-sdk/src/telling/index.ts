export * from './standard-payload.js';
