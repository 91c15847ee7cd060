// What a stage is, and how stages make a road.
import type { Exchange } from './exchange.js';

/** Hands the Exchange on, narrowed, or throws one of our errors. Returns a promise only when it has to wait. */
export interface Stage<In extends Exchange, Out extends In> {
  readonly name: string;
  run(exchange: In): Out | Promise<Out>;
}

/** A stage that decides when, and how often, what is inside it runs. */
export interface AroundStage<In extends Exchange, Inner extends { readonly name: string }, Out extends In> {
  readonly name: string;
  run(exchange: In, inner: Inner): Out | Promise<Out>;
}

export const around = <In extends Exchange, Inner extends { readonly name: string }, Out extends In>(
  outer: AroundStage<In, Inner, Out>,
  inner: Inner,
): Stage<In, Out> => ({
  name: `${outer.name} around ${inner.name}`,
  run: (exchange) => outer.run(exchange, inner),
});

/** Walks the stages in order. Awaits only what is a promise. */
export type Road = (exchange: Exchange) => void | Promise<void>;

/** The types make the order: each stage takes what the one before it gives. */
export const road =
  <
    A extends Exchange,
    B extends A,
    C extends B,
    D extends C,
    E extends D,
    F extends E,
    G extends F,
    H extends G,
    I extends H,
  >(
    ...stages: [
      Stage<Exchange, A>,
      Stage<A, B>,
      Stage<B, C>,
      Stage<C, D>,
      Stage<D, E>,
      Stage<E, F>,
      Stage<F, G>,
      Stage<G, H>,
      Stage<H, I>,
    ]
  ): Road =>
  (exchange) =>
    walk(stages, exchange, 0);

const walk = (stages: readonly Stage<Exchange, Exchange>[], exchange: Exchange, from: number): void | Promise<void> => {
  for (let index = from; index < stages.length; index += 1) {
    const step = stages[index]!.run(exchange);
    if (step instanceof Promise) return step.then(() => walk(stages, exchange, index + 1));
  }
};
