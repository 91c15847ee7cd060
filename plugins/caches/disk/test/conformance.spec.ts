import { cacheConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

cacheConformance({
  plugin,
  config: { max_size_mb: 48 },
  badConfig: [{ max_size_mb: 0 }, { max_size_mb: '64' }, { disk_cache_dir: '' }, { disk_cache_dri: '/tmp' }],
});
