"use strict";
// A page of people, as the library was at one revision.
import { GLANCE, get } from "./core.js";

export class Paged {
  page = null;
  #since = 0;
  #asked = 0;
  #arrived = 0;
  // `settle` is called with each page that is received
  constructor(address, settle) {
    [this.address, this.settle] = [address, settle];
  }
  async load(revision) {
    if (this.page?.revision === revision) return this.page;
    const turn = ++this.#asked,
      found = await get(this.address);
    if (turn < this.#arrived) return this.page; // a later request was answered first
    [this.page, this.#since, this.#arrived] = [found, performance.now(), turn];
    this.settle(found);
    return found;
  }
  // Whether the page is up to date and was visible long enough; `shownAt` is the time when its tab was
  // opened
  ready(revision, shownAt) {
    return this.page?.revision === revision && performance.now() - Math.max(this.#since, shownAt) >= GLANCE;
  }
}
