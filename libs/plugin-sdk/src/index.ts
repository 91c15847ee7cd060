/** Everything a plugin may import. */
export * from '@turnpike/domain';
export * from '@turnpike/errors';
export * from '@turnpike/wire';
export { z } from 'zod';
export * from './contracts/index.js';
export * from './guarding/index.js';
export * from './host.js';
export * from './instance-shape.js';
export * from './lowest.js';
export * from './model-list.js';
export * from './openai-operations.js';
export * from './plugin.js';
export * from './telling/index.js';
