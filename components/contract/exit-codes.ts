/** How a program ends in a Job. 0 is success. */
export const exitCodes = {
  /** Another try may succeed. */
  retryable: 1,
  /** No other try can succeed: the declaration, or something around the pod, has to change first. */
  permanent: 3,
} as const;
