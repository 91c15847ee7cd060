// Model names as metrics show them. Under a wildcard a client may ask for anything, and each name makes series that stay.
const MAX_WILDCARD_NAMES = 200;

export class ModelNames {
  private readonly admitted = new Set<string>();

  /**
   * The name, if the configuration says it, or if a call to it succeeded while there was room; else the wildcard.
   * @param configured what it was found under: the name itself, or a wildcard that fits it
   */
  labelOf(name: string, configured: string, isSuccess: boolean): string {
    if (!configured.includes('*') || this.admitted.has(name)) return name;
    if (!isSuccess || this.admitted.size >= MAX_WILDCARD_NAMES) return configured;
    this.admitted.add(name);
    return name;
  }
}
