// What a cache plugin offers.
import type { JsonObject } from '@turnpike/domain';
import type { Caller } from '../../../host.js';

/** A stored answer, in bytes that the gateway made. */
export interface CacheEntry {
  value: Uint8Array;
  /** Epoch milliseconds of the write. */
  storedAt: number;
}

/** Keeps answers. The gateway makes the keys, so a cache never sees a prompt unless it asks for similarity. */
export interface ResponsesV1 {
  /**
   * Undefined is a miss. A failure is a miss too: it is counted and never reaches the client. What is at hand is best given
   * at once, without a promise. The entry is the caller's own: nobody changes its bytes afterwards.
   */
  get(key: string, signal: AbortSignal): CacheEntry | undefined | Promise<CacheEntry | undefined>;
  /** @param ttlMs life from now; always positive */
  set(key: string, entry: CacheEntry, ttlMs: number, signal: AbortSignal): Promise<void>;
  /** @returns how many were there */
  delete(keys: readonly string[]): Promise<number>;
  flush(): Promise<void>;
  /** Answers when the store does; throws when it does not. */
  ping(): Promise<void>;
  /** What the store tells of itself, for administrators; absent: it tells nothing. */
  info?(): Promise<StoreInfo>;
}

export interface StoreInfo {
  /** Who is connected, each with what the store knows of it. */
  clients: JsonObject[];
  info: JsonObject;
}

/** The words of a request, apart from all else about it. */
export interface Question {
  /** Under which its answer is kept among the `responses`. */
  key: string;
  /** Only questions of one scope may have the same answer: a digest of caller, model and all parameters but the words. */
  scope: string;
  text: string;
  /** Whom an embedding is made for: hand it to `host.embed`. */
  caller: Caller;
}

/**
 * Knows questions that mean the same. Answers stay among the `responses`; this finds the key of one. The two functions are
 * given the same object for the same request, so that what was found out about its words need not be found out twice.
 */
export interface SimilarV1 {
  /** The nearest known question of its scope, if that is near enough. Undefined is a miss, and so is a failure. */
  find(question: Question, signal: AbortSignal): Promise<SimilarQuestion | undefined>;
  /** Its answer is kept from now on. @param ttlMs as long as that; always positive */
  learn(question: Question, ttlMs: number, signal: AbortSignal): Promise<void>;
}

export interface SimilarQuestion {
  key: string;
  /** Cosine, -1 … 1. */
  similarity: number;
}

/** A response cache. A read hook has 50 ms; a cache that is slow or away is switched off for a while. */
export interface CacheV1 {
  responses: ResponsesV1;
  similar?: SimilarV1;
}
