// Whose turn it is: a person who needs a decision stays on the page until somebody decides; the others queue.

const KEPT = 60;

export class Turns {
  constructor() {
    this.clear();
  }

  clear() {
    this.scans = [];
    this.shownId = null;
    this.seen = new Set();
    this.setAside = new Set();
  }

  /** Start from what the door remembers, newest first; the person on the page stays when still among them. */
  greet(recent) {
    this.scans = [...recent];
    for (const scan of recent) if (!isOpen(scan)) this.seen.add(scan.id);
    if (!this.shown) this.shownId = null;
  }

  /** A new scan, or a new state of a known one. */
  put(scan) {
    const index = this.scans.findIndex((each) => each.id === scan.id);
    if (index >= 0) this.scans[index] = scan;
    else this.scans.unshift(scan);
    this.scans = this.scans.filter((each, place) => place < KEPT || isOpen(each) || each.id === this.shownId);
  }

  show(id) {
    this.shownId = id;
    this.seen.add(id);
  }

  get shown() {
    return this.scans.find((each) => each.id === this.shownId) ?? null;
  }

  /** Those who need a decision and are not on the page, who came first first; those set aside come last. */
  get waiting() {
    const open = this.scans.filter((each) => isOpen(each) && each.id !== this.shownId).reverse();
    return [...open.filter((each) => !this.setAside.has(each.id)), ...open.filter((each) => this.setAside.has(each.id))];
  }

  /** How many came that nobody has looked at and that need nothing. */
  get newCount() {
    return this.scans.filter((each) => !isOpen(each) && !this.seen.has(each.id)).length;
  }

  get next() {
    const fresh = this.waiting.find((each) => !this.setAside.has(each.id));
    return fresh ?? this.scans[0] ?? null;
  }

  /** The neighbour in the list: `step` 1 is older, -1 newer. */
  neighbour(step) {
    const index = this.scans.findIndex((each) => each.id === this.shownId);
    return this.scans[Math.min(this.scans.length - 1, Math.max(0, index + step))] ?? null;
  }

  /** Everyone up to now has been seen by somebody who looked at the list. */
  see() {
    for (const scan of this.scans) if (!isOpen(scan)) this.seen.add(scan.id);
  }
}

export const isOpen = (scan) => scan?.state === "open";
