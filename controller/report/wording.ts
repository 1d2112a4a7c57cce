/** The same sentence with other numbers is the same news; about another member (`etcd-1`) it isn't. */
export function gist(sentence: string): string {
  return sentence.replace(/(?<![A-Za-z\d]-|\d)\d+/g, "#");
}

/** How the answer to an act begins that nobody has to look into: it is done as soon as it can be. */
const NOT_YET = "not yet: ";

export const notYet = (why: string) => NOT_YET + why;

export const isNotYet = (error: string) => error.startsWith(NOT_YET);
