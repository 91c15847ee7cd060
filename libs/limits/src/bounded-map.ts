// Bounds for maps whose keys come from traffic.

export const MAX_KEYS = 100_000;

/** Entries looked at for one that may go; the ones that may not are few, so the first does nearly always. */
const LOOKS = 16;

/** Before a new key is added: the oldest entry that may go, when the map is full. Undefined when none has to or may. */
export const surplusKey = <V>(
  map: ReadonlyMap<string, V>,
  maxKeys: number,
  mayGo: (value: V) => boolean,
): string | undefined => {
  if (map.size < maxKeys) return undefined;
  let looks = 0;
  for (const [key, value] of map) {
    if (mayGo(value)) return key;
    if (++looks === LOOKS) return undefined;
  }
  return undefined;
};
