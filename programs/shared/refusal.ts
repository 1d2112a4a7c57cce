/** What doesn't get better by being tried again: somebody has to change something. */
export class Refusal extends Error {}

/** One object isn't there, or not any more. */
export class NotThere extends Refusal {}

/** One object can't be read, and the others may be all right. */
export class Unreadable extends Refusal {}

/** It was written by a later release than this one. */
export class Later extends Unreadable {}
