// The response cache for administrators, under LiteLLM's routes: whether it answers, and what it shall forget.
import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { maskConfig } from '@turnpike/config';
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { ResponseCache } from '../cache/response-cache.js';
import type { Runtime } from '../runtime/runtime.js';
import { AllWorkers, RUNTIME } from '../runtime/tokens.js';
import { AdminGuard } from './admin.guard.js';
import { cacheDeleteSchema, cacheDoneSchema, cachePingSchema, redisInfoSchema } from './cache.schemas.js';
import { Documented } from './documented.js';

const DONE = { status: 'success' } as const;

/** Written by a ping, to see that it can be; gone at once. */
const PING_KEY = 'ping';
const PING_TTL_MS = 1_000;

export interface CachePing {
  status: 'healthy';
  cache_type: string;
  ping_response: true;
  set_cache_response: 'success';
  litellm_cache_params: string;
  health_check_cache_params: JsonObject;
}

export interface RedisInfo {
  num_clients: number;
  clients: JsonObject[];
  info: JsonObject;
}

@Controller('cache')
@UseGuards(AdminGuard)
export class CacheController {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly workers: AllWorkers,
  ) {}

  @Get('ping')
  @Documented({
    summary: 'Whether the store of the response cache answers, and can be written to',
    tag: 'cache',
    admin: true,
    response: cachePingSchema,
  })
  async ping(): Promise<CachePing> {
    const cache = this.cache('cache_ping_error');
    const entry = { value: Buffer.from('{}'), storedAt: this.runtime.clock.now() };
    try {
      await cache.manage(async (store, signal) => {
        await store.ping();
        await store.set(PING_KEY, entry, PING_TTL_MS, signal);
      });
    } catch (cause) {
      throw new GatewayError('GW_CACHE_UNAVAILABLE', `Service Unhealthy (${(cause as Error).message})`, {
        type: 'cache_ping_error',
        cause,
      });
    }
    const { settings, plugin: _plugin, ...shared } = maskConfig(this.runtime.config)['cache'] as JsonObject;
    return {
      status: 'healthy',
      cache_type: nameOf(cache.instance.id),
      ping_response: true,
      set_cache_response: 'success',
      litellm_cache_params: JSON.stringify(shared),
      health_check_cache_params: settings as JsonObject,
    };
  }

  @Post('delete')
  @HttpCode(200)
  @Documented({
    summary: 'Forgets answers by the keys that x-litellm-cache-key told',
    tag: 'cache',
    admin: true,
    body: cacheDeleteSchema,
    response: cacheDoneSchema,
  })
  async delete(@Body() body: JsonValue): Promise<typeof DONE> {
    const asked = cacheDeleteSchema.safeParse(body);
    if (!asked.success) throw invalidRequest('\'keys\' must be a list of keys: {"keys": ["…"]}.', 'keys');
    const { keys } = asked.data;
    await this.cache().forget(keys);
    await this.workers.forgetAnswers(keys);
    return DONE;
  }

  @Post('flushall')
  @HttpCode(200)
  @Documented({
    summary: 'Forgets all answers, and nothing else that its store holds',
    tag: 'cache',
    admin: true,
    response: cacheDoneSchema,
  })
  async flush(): Promise<typeof DONE> {
    await this.cache().forget();
    await this.workers.forgetAnswers();
    return DONE;
  }

  @Get('redis/info')
  @Documented({
    summary: 'What Redis tells of itself and its clients',
    tag: 'cache',
    admin: true,
    response: redisInfoSchema,
  })
  async redisInfo(): Promise<RedisInfo> {
    const cache = this.cache();
    if (!cache.instance.exports.responses.info)
      throw new GatewayError('GW_NOT_FOUND', `${cache.instance.id} has no server that could tell of itself.`);
    const { clients, info } = await cache.manage((store) => store.info!());
    return { num_clients: clients.length, clients, info };
  }

  private cache(type?: string): ResponseCache {
    const { cache } = this.runtime.current;
    if (cache) return cache;
    const message = 'Cache not initialized: there is no cache. Set litellm_settings.cache: true, with cache_params.';
    throw new GatewayError('GW_CACHE_UNAVAILABLE', message, type === undefined ? {} : { type });
  }
}

const nameOf = (plugin: string): string => plugin.slice(plugin.indexOf('.') + 1);
