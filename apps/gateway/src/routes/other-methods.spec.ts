import { beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { aFront } from '../../test/doubles.js';
import { KnownRoutes } from './known-routes.js';
import { answerOtherMethods } from './other-methods.js';

const PATHS = { ignoreTrailingSlash: true };

let instance: FastifyInstance;
let routes: KnownRoutes;

/** Some routes with a dialect of their own, some without, as the two planes have them. */
beforeEach(async () => {
  instance = fastify({ routerOptions: PATHS });
  routes = new KnownRoutes(PATHS);
  routes.watch(instance);
  const front = aFront({ errorBody: (error, message) => JSON.stringify({ own: error.code, message }) });
  await instance.register((scope, _options, done) => {
    scope.post('/call/:model/go', { config: { front } }, () => 'called');
    scope.get('/files/*', () => 'file');
    done();
  });
  answerOtherMethods(instance, routes);
  instance.get('/things/:id', () => 'thing');
  instance.put('/things/special', () => 'changed');
  instance.options('*', (_request, reply) => reply.status(204).header('access-control-allow-origin', '*').send());
});

const ask = async (method: string, url: string, payload?: string) => {
  const answer = await instance.inject({ method: method as 'GET', url, ...(payload !== undefined && { payload }) });
  return { status: answer.statusCode, allow: answer.headers['allow'], body: answer.body };
};

describe('a path that is known', () => {
  it.each([
    ['DELETE', '/things/7', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/things/7/?a=b', 'GET, HEAD, OPTIONS'],
    ['POST', '/files/a/b.css', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/things/7', 'GET, HEAD, OPTIONS'],
    ['GET', '/call/m/go', 'POST, OPTIONS'],
  ])('refuses %s %s and says what it takes', async (method, url, allow) => {
    expect(await ask(method, url)).toMatchObject({ status: 405, allow });
  });

  it('takes what any of its routes takes', async () => {
    expect(await ask('PATCH', '/things/special')).toMatchObject({ status: 405, allow: 'GET, HEAD, PUT, OPTIONS' });
    expect((await ask('GET', '/things/special')).body).toBe('thing');
    expect((await ask('PUT', '/things/special')).body).toBe('changed');
  });

  it('says so in the dialect of its route', async () => {
    expect(JSON.parse((await ask('PUT', '/call/m/go?key=x')).body)).toEqual({
      own: 'GW_METHOD_NOT_ALLOWED',
      message: '/call/m/go takes POST, not PUT.',
    });
    expect(JSON.parse((await ask('POST', '/things/7')).body).error).toMatchObject({
      code: '405',
      message: '/things/7 takes GET, HEAD, not POST.',
    });
  });

  it('does not read what it refuses', async () => {
    expect(await ask('POST', '/things/7', '{"half')).toMatchObject({ status: 405 });
  });
});

describe('OPTIONS', () => {
  it('is answered by whoever knows about origins, when there is one', async () => {
    const { statusCode, headers } = await instance.inject({ method: 'OPTIONS', url: '/things/7' });
    expect([statusCode, headers['access-control-allow-origin'], headers['allow']]).toEqual([204, '*', undefined]);
  });

  it('otherwise tells what a path takes', async () => {
    instance = fastify();
    routes = new KnownRoutes({});
    routes.watch(instance);
    answerOtherMethods(instance, routes);
    instance.get('/things', () => 'things');
    expect(await ask('OPTIONS', '/things')).toEqual({ status: 204, allow: 'GET, HEAD, OPTIONS', body: '' });
    expect((await ask('OPTIONS', '/nothing')).status).toBe(404);
  });
});

it('a path that is not known stays one', async () => {
  expect(await ask('POST', '/nothing')).toMatchObject({ status: 404, allow: undefined });
});

it('the list of routes has each path once, with all its methods', () => {
  expect(routes.list()).toEqual([
    { path: '/call/:model/go', methods: ['POST'] },
    { path: '/files/*', methods: ['GET', 'HEAD'] },
    { path: '/things/:id', methods: ['GET', 'HEAD'] },
    { path: '/things/special', methods: ['PUT'] },
  ]);
});
