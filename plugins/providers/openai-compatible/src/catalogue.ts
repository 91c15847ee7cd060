// Every host of the OpenAI format that this package serves. A new host is a new row.
import { FIRST_PARTIES } from './catalogue.first-parties.js';
import { INFERENCE_HOSTS } from './catalogue.inference-hosts.js';
import { SELF_HOSTED } from './catalogue.self-hosted.js';
import type { HostRow } from './host-row.js';

export const CATALOGUE: readonly HostRow[] = [...FIRST_PARTIES, ...INFERENCE_HOSTS, ...SELF_HOSTED];
