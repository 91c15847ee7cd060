// What every load balancer and orchestrator asks: is it well?
import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** grpc.health.v1, for the ledger as a whole (the empty name) and for each of its services. Not serving at first. */
export class Health {
  readonly #implementation = new HealthImplementation();

  constructor(private readonly services: readonly string[]) {
    this.setServing(false);
  }

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }

  setServing(isServing: boolean): void {
    for (const name of ['', ...this.services])
      this.#implementation.setStatus(name, isServing ? 'SERVING' : 'NOT_SERVING');
  }
}
