/** A permanent error: a retry can't succeed before a user has changed something. */
export class Refusal extends Error {}

/** One object doesn't exist, or no longer exists. */
export class NotThere extends Refusal {}

/** One object can't be read. Others may be readable. */
export class Unreadable extends Refusal {}

/** The object was written by a later release. */
export class Later extends Unreadable {}
