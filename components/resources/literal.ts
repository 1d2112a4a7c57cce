/**
 * Escapes a user's text: Kubernetes expands `$(NAME)` in a container's variables and arguments, and turns `$$` into
 * `$`.
 */
export const literal = (text: string): string => text.replace(/\$/g, () => "$$");
