// Ids of tool calls as Anthropic takes them: letters, digits, `_` and `-` only, none twice in a conversation.

/** The same ids in the same order always become the same, so prompt caches keep working. */
export class ToolIds {
  private readonly taken = new Set<string>();
  private readonly latest = new Map<string, string>();

  /** The id of a new call. Other dialects repeat ids, or give none. */
  call(id: string): string {
    const base = safe(id);
    let candidate = base;
    for (let copy = 2; this.taken.has(candidate); copy += 1) candidate = `${base}_${copy}`;
    this.taken.add(candidate);
    this.latest.set(id, candidate);
    return candidate;
  }

  /** The id that a result answers: the last call's of that name. */
  result(id: string): string {
    return this.latest.get(id) ?? safe(id);
  }
}

const safe = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_') || 'toolu';
