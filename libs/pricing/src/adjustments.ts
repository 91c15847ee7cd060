// What operators take off costs, and put on them: discounts that their provider gives, margins for whoever they bill.
import type { NanoUsd } from '@turnpike/domain';

export interface Margin {
  /** 0.05: five percent of what is left after the discount. */
  readonly rate: number;
  readonly fixedNanoUsd: NanoUsd;
}

/** By plugin id. The margin of a provider takes the place of the one for all. */
export interface AdjustmentSettings {
  /** Of providers: 0.05 is five percent. */
  readonly discounts: Readonly<Record<string, number>>;
  readonly margins: Readonly<Record<string, Margin>>;
  readonly margin: Margin | undefined;
}

export interface AdjustedCost {
  readonly nanoUsd: NanoUsd;
  readonly originalNanoUsd: NanoUsd;
  readonly discountNanoUsd: NanoUsd;
  readonly marginNanoUsd: NanoUsd;
  readonly marginRate: number;
}

const NO_MARGIN: Margin = { rate: 0, fixedNanoUsd: 0 };

export class PriceAdjustments {
  private constructor(private readonly settings: AdjustmentSettings) {}

  /** Undefined: costs are what they are. */
  static of(settings: AdjustmentSettings): PriceAdjustments | undefined {
    const { discounts, margins, margin } = settings;
    const isSaid = margin !== undefined || Object.keys(discounts).length > 0 || Object.keys(margins).length > 0;
    return isSaid ? new PriceAdjustments(settings) : undefined;
  }

  /** The discount first, the margin on what is left; each rounded half up. */
  adjust(provider: string, originalNanoUsd: NanoUsd): AdjustedCost {
    const { rate, fixedNanoUsd } = this.marginOf(provider);
    const discountNanoUsd = Math.round(originalNanoUsd * (this.settings.discounts[provider] ?? 0));
    const discounted = originalNanoUsd - discountNanoUsd;
    const marginNanoUsd = Math.round(discounted * rate) + fixedNanoUsd;
    const nanoUsd = Math.max(0, Math.min(discounted + marginNanoUsd, Number.MAX_SAFE_INTEGER));
    return { nanoUsd, originalNanoUsd, discountNanoUsd, marginNanoUsd, marginRate: rate };
  }

  private marginOf(provider: string): Margin {
    return this.settings.margins[provider] ?? this.settings.margin ?? NO_MARGIN;
  }
}
