/** Kubernetes' MicroTime has six digits of a second. */
export function microTime(at = new Date()): string {
  return at.toISOString().replace("Z", "000Z");
}
