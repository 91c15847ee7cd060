/** prom-client's default metrics, one module each. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';
  const collect: (registry: Registry, options: object) => void;
  export default collect;
}
