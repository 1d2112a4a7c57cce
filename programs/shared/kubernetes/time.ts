/** Kubernetes wants six digits. */
export function microTime(at = new Date()): string {
  return at.toISOString().replace("Z", "000Z");
}
