// Random choices from a seed: the same seed makes the same requests on every machine.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  // Mulberry32: a number from 0 up to, not including, 1.
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability) {
    return this.next() < probability;
  }

  // A whole number from `least` to `most`, both included.
  between(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick(items) {
    return items[Math.floor(this.next() * items.length)];
  }

  // One of `[weight, item]`.
  weighted(choices) {
    let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    const found = choices.find(([weight]) => (left -= weight) < 0);
    return (found ?? choices.at(-1))[1];
  }
}
