/** Makes messages equal that differ only in numbers. The ordinal in a member's name (`etcd-1`) counts as different. */
export function withoutNumbers(sentence: string): string {
  return sentence.replace(/(?<![A-Za-z\d]-|\d)\d+/g, "#");
}
