/** The same sentence with other numbers is the same news. About another member (`etcd-1`) it isn't. */
export function withoutNumbers(sentence: string): string {
  return sentence.replace(/(?<![A-Za-z\d]-|\d)\d+/g, "#");
}
