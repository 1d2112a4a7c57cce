/** What doesn't get better by being tried again: somebody has to change something. */
export class Refusal extends Error {}
