/** One plugin for each host of the catalogue. */
import { CATALOGUE } from './catalogue.js';
import { pluginOf } from './plugin.js';

export default CATALOGUE.map(pluginOf);
