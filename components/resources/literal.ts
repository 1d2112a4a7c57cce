/** For what a user wrote: Kubernetes expands `$(NAME)` in a container's variables and arguments, and makes `$` of `$$`. */
export const literal = (text: string): string => text.replace(/\$/g, () => "$$");
